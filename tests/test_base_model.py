"""No validation error quotes what was in a field: that may be a customer's words, or a secret."""

import importlib
import pkgutil
from collections.abc import Iterator

import pydantic
import pytest
from pydantic import ValidationError

import bot
from bot.settings import Settings
from bot.state.models import Run

CANARY = "charged twice, says priya@shop.example"


def models(base: type[pydantic.BaseModel]) -> Iterator[type[pydantic.BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from models(model)


def test_every_model_of_the_product_hides_its_input() -> None:
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if not module.name.startswith(("bot.sandbox", "bot.__main__")):
            importlib.import_module(module.name)
    ours = {
        model
        for model in models(pydantic.BaseModel)
        if model.__module__.startswith("bot.") and not model.__module__.startswith("bot.sandbox")
    }
    assert len(ours) > 50
    quoting = [
        model.__name__ for model in ours if not model.model_config.get("hide_input_in_errors")
    ]
    assert quoting == [], "use bot.base_model.BaseModel"


@pytest.mark.parametrize(
    "value",
    [
        f'{{"reference": "1", "request": "{CANARY}"}}',
        f'{{"reference": "1", "phase": "{CANARY}"}}',
        f'{{"reference": ["{CANARY}"]}}',
        f'{{"reference": "{CANARY}',
    ],
)
def test_a_stored_value_that_does_not_parse_is_not_quoted(value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Run.model_validate_json(value)
    assert "charged" not in str(caught.value)


def test_settings_that_do_not_fit_are_not_quoted() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None, redis_url=CANARY, port=CANARY, public_url=CANARY)
    assert "charged" not in str(caught.value)
