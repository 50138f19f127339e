"""As whom a change is signed."""

import pytest

from bot.agent.write_audit import signature
from bot.intercom.characters import seen
from bot.state.models import Teammate


@pytest.mark.parametrize(
    "name",
    [
        "Maya\u202e in Contoso",
        "Maya\nSigned as somebody else",
        "Ma\u200bya",
        "M" * 10_000,
        ":white_check_mark: Maya",
    ],
)
def test_a_signature_is_one_visible_line_that_fits_on_a_card(name: str) -> None:
    signed = signature(
        Teammate(admin_id="1", name=name, email="", workspace=name, workspace_id="w", region="")
    )
    assert seen(signed) == signed
    assert "\n" not in signed
    assert ":white_check_mark:" not in signed
    assert len(signed) < 300


def test_an_ordinary_signature() -> None:
    maya = Teammate(
        admin_id="1",
        name="Maya Lindqvist",
        email="",
        workspace="Northwind",
        workspace_id="w",
        region="",
    )
    assert signature(maya) == "Maya Lindqvist in Northwind"
