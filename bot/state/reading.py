"""Reading what was stored: perhaps by another release, perhaps damaged since."""

from typing import TypeVar

import structlog
from pydantic import ValidationError

from bot.base_model import BaseModel

log = structlog.get_logger()

M = TypeVar("M", bound=BaseModel)


def parsed(model: type[M], value: bytes | str, key: str) -> M | None:
    """A stored value as its model; None, with a line in the log, where it does not parse.

    For what can be done without, or is made anew. `key` says in the log where it is kept.
    """
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        log.error("stored_value_unreadable", key=key, model=model.__name__, fields=_wrong(error))
        return None


def _wrong(error: ValidationError) -> list[str]:
    """Which fields do not fit and how, without what is in them."""
    found = error.errors(include_input=False, include_context=False, include_url=False)
    return [f"{'.'.join(map(str, item['loc']))}: {item['type']}" for item in found[:5]]
