"""Pages of a list, as Scalekit cuts them: a size, and tokens for the pages before and after."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bot.sandbox.scalekit.errors import invalid

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    items: Sequence[T]
    next_token: str
    prev_token: str
    """Tokens are empty where there is no such page."""


def page_of(items: Sequence[T], request: Any, *, default: int, largest: int) -> Page[T]:
    """The page that a request's `page_size` and `page_token` ask for, at most `largest` long.

    Raises Refused."""
    number, size = 1, min(request.page_size or default, largest)
    if request.page_token:
        number, size = _opened(request.page_token, largest)
    start, end = (number - 1) * size, number * size
    return Page(
        items[start:end],
        _token(number + 1, size) if end < len(items) else "",
        _token(number - 1, size) if number > 1 else "",
    )


def _token(number: int, size: int) -> str:
    return base64.b64encode(json.dumps({"page": number, "limit": size}).encode()).decode()


def _opened(page_token: str, largest: int) -> tuple[int, int]:
    """Out: the page's number and size. Raises Refused."""
    try:
        page = json.loads(base64.b64decode(page_token, validate=True))
        number, size = int(page["page"]), int(page["limit"])
    except (binascii.Error, ValueError, TypeError, KeyError):
        raise invalid("page_token", "value is not a page token") from None
    if number < 1 or not 1 <= size <= largest:
        raise invalid("page_token", "value is not a page token")
    return number, size
