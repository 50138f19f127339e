"""What the README and .env.example tell a new operator to do is what there is."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from typer.main import get_command

from bot.__main__ import app
from bot.doctor.next_step import LAST, STEPS
from bot.intercom.catalogue.areas import IN_ORDER
from bot.settings import WHERE_TO_FIND, Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
SETUP = README.partition("## Set up a real workspace")[2].partition("\n## ")[0]
EXAMPLE = (ROOT / ".env.example").read_text()
VARIABLES = {name.upper() for name in Settings.model_fields}
REQUIRED = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}


OF_OTHERS = {"OTEL_EXPORTER_OTLP_ENDPOINT"}
"""Variables that a library of ours reads."""


def example_values() -> dict[str, str]:
    """What a copy of the example sets."""
    pairs = (line.partition("=") for line in EXAMPLE.splitlines() if line and line[0] != "#")
    return {name: value for name, _, value in pairs}


def example_defaults() -> dict[str, str]:
    """What stands there to be uncommented."""
    return dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE, re.M))


def test_the_example_has_all_that_is_required_and_the_rest_to_uncomment() -> None:
    assert set(example_values()) >= REQUIRED
    assert set(example_values()) & set(example_defaults()) == set()
    assert {*example_values(), *example_defaults()} == VARIABLES | OF_OTHERS


def test_what_the_example_shows_is_what_there_is_by_default() -> None:
    shown = {**example_values(), **example_defaults()}
    filled = {name.lower(): value for name, value in shown.items() if value}
    assert filled.pop("redis_url") == "redis://localhost:6379/0"
    for name, value in filled.items():
        field = Settings.model_fields[name]
        kind: TypeAdapter[Any] = TypeAdapter(field.annotation)  # type: ignore[arg-type]
        assert kind.validate_python(value) == field.default, name
    optional = {name for name in example_defaults() if name not in OF_OTHERS}
    empty = {name for name in optional if not example_defaults()[name]}
    assert empty == {name for name in optional if has_no_default(name)}


def has_no_default(name: str) -> bool:
    return Settings.model_fields[name.lower()].default is None


def test_an_example_that_was_only_copied_counts_as_not_filled_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SCALEKIT_ENV_URL", raising=False)
    (tmp_path / ".env").write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    from bot.doctor.variables import check_variables

    assert {name.upper() for name in check_variables().wrong} == REQUIRED - {"REDIS_URL"}


@pytest.mark.parametrize("area", IN_ORDER, ids=lambda area: area.name)
def test_the_permissions_to_tick_are_named_as_intercom_names_them(area: object) -> None:
    [row] = [line for line in SETUP.splitlines() if line.startswith(f"| {area.name} |")]  # type: ignore[attr-defined]
    assert area.read_permission in row  # type: ignore[attr-defined]
    assert area.write_permission in row  # type: ignore[attr-defined]


def test_every_command_of_the_set_up_is_one() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"`bot\s([a-z]+)", SETUP)) | set(re.findall(r"^bot (\w+)", SETUP, re.M))
    assert named >= {"doctor", "manifest", "web", "worker"}
    assert named <= commands


def test_the_steps_are_those_that_doctor_names() -> None:
    numbers = [int(number) for number in re.findall(r"^\*\*(\d)\. ", SETUP, re.M)]
    assert numbers == list(range(1, 10))
    assert sorted({step.number for step in STEPS}) == [2, 3, 4, 5, 6, 7]
    assert "step 8" in LAST


def test_the_files_of_the_set_up_are_there() -> None:
    for name in ("requirements.txt", ".env.example", "Procfile", "bot/operations/compose.yml"):
        assert name in SETUP
        assert (ROOT / name).is_file()


def test_every_variable_is_in_the_readme_and_can_be_found() -> None:
    table = README.partition("## Variables")[2].partition("\n## ")[0]
    first_column = "".join(re.findall(r"^\| (.*?) \|", table, re.M))
    named = set(re.findall(r"`([A-Z][A-Z_]+)`", first_column))
    assert named == VARIABLES | OF_OTHERS | {"SCALEKIT_ENV_URL"}
    assert VARIABLES - set(WHERE_TO_FIND) == set()


def test_the_map_names_what_is_there_and_every_folder() -> None:
    text = README.partition("### The map")[2].partition("## Troubleshooting")[0]
    tree = text.partition("```\n")[2].partition("```")[0]
    product = tree.partition("tests/")[0]
    mapped, parents = set(), {0: ROOT}
    for indent, name in re.findall(r"^( *)([a-z_]+/|[a-z_]+\.py)", product, re.M):
        parents[len(indent) + 2] = parents[len(indent)] / name
        mapped.add(parents[len(indent) + 2])
    others = re.findall(r"\s([a-z_]+\.py)\s", product)
    mapped |= {ROOT / "bot" / name for name in others}
    mapped |= {ROOT / path for path in re.findall(r"`(bot/[a-z_/]+\.py)`", text)}
    assert [path for path in mapped if not path.exists()] == []
    folders = {path.parent for path in (ROOT / "bot").rglob("__init__.py")}
    sandbox = ROOT / "bot" / "sandbox"
    of_product = {path for path in folders if path == sandbox or sandbox not in path.parents}
    assert of_product - mapped == {ROOT / "bot" / "doctor" / "live"}
