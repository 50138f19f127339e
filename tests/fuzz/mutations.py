"""Real payloads, changed at random in ways that a parser may not expect."""

import copy
import json
import string
from collections.abc import Callable
from random import Random
from typing import Any

DEEP = "@deep-{}@"
"""Stands for so many nested arrays: Python's own encoder goes down only so far."""

TEXTS: tuple[str, ...] = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "🙈🙉🙊",
    "مرحبا",
    "\u202e\u200b\ufeff",
    "x" * 5_000,
    "é" * 50_000,
    "<@U0INTERCOM> <@U0INTERCOM|x> <!channel>",
    "<@" * 5_000,
    "a:b:c",
    "*",
    "\r\nSet-Cookie: a=b",
    "%s%n{}{0}",
    "../../etc/passwd",
    "true",
    "null",
    "1.1",
    "NaN",
    "T0SUPPORT1",
    "C0SUPPORT1",
    "U0INTERCOM",
    "help",
    "url_verification",
    "event_callback",
    "block_actions",
    "view_submission",
    "view_closed",
    "shortcut",
    "message_action",
    "interactive_message",
    "dialog_submission",
    "block_suggestion",
    "workflow_step_edit",
    "function_executed",
    "app_mention",
    "message",
    "app_home_opened",
    "agent_session_stopped",
    "message_changed",
    "bot_message",
    "im",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**63,
    10**400,
    float("nan"),
    float("inf"),
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": None},
    {"id": None},
    {"id": {"id": 1}},
    {"type": None},
    {"type": []},
    ["a"] * 2_000,
    {str(number): number for number in range(500)},
)

Path = tuple[Any, ...]


def paths(value: Any, at: Path = ()) -> list[Path]:
    """Where every part of a JSON value is, the value itself first."""
    found = [at]
    entries = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        entries = enumerate(value)  # type: ignore[assignment]
    for key, part in entries:
        found += paths(part, (*at, key))
    return found


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def odd_value(random: Random, others: list[Any]) -> Any:
    """Anything at all, or a part of another payload."""
    match random.randrange(4):
        case 0:
            return random.choice(TEXTS)
        case 1:
            other = random.choice(others)
            return copy.deepcopy(at(other, random.choice(paths(other))))
        case 2 if random.random() < 0.3:
            return DEEP.format(random.choice((50, 300, 600, 800, 900, 950, 980, 2_000, 50_000)))
        case _:
            return copy.deepcopy(random.choice(VALUES))


def mutated(payload: Any, random: Random, others: list[Any]) -> Any:
    """A copy with one to four changes: a part is replaced, dropped, doubled, wrapped, added or
    renamed. Most changes are near the root, where most is read."""
    changed = copy.deepcopy(payload)
    for _ in range(random.choice((1, 1, 1, 2, 2, 4))):
        found = paths(changed)
        shallow = [path for path in found if len(path) <= 2] if random.random() < 0.7 else found
        changed = _changed(changed, random.choice(shallow), random, others)
    return changed


def _changed(root: Any, path: Path, random: Random, others: list[Any]) -> Any:
    if not path:
        # The whole payload is replaced rarely: nothing is left to look at then.
        if random.random() < 0.1:
            return odd_value(random, others)
        if isinstance(root, dict):
            root[random.choice(_names(others))] = odd_value(random, others)
        return root
    parent, key = at(root, path[:-1]), path[-1]
    match random.randrange(8):
        case 0 | 1:
            del parent[key]
        case 2:
            parent[key] = [parent[key]]
        case 3:
            parent[key] = {str(key): parent[key]}
        case 4 if isinstance(parent, dict):
            parent[random.choice(_names(others))] = parent.pop(key)
        case 5 if isinstance(parent, list):
            parent += copy.deepcopy(parent) * random.choice((1, 50))
        case _:
            parent[key] = odd_value(random, others)
    return root


def _names(others: list[Any]) -> list[str]:
    names = {part for other in others for path in paths(other) for part in path}
    return [*sorted(name for name in names if isinstance(name, str)), "", "\x00", "__class__"]


def encoded(payload: Any, random: Random) -> bytes:
    """As JSON, in Slack's own plain way or another that is as good."""
    ascii_only = random.random() < 0.7
    text = json.dumps(payload, ensure_ascii=ascii_only, indent=random.choice((None, None, 1)))
    for depth in (50, 300, 600, 800, 900, 950, 980, 2_000, 50_000):
        text = text.replace(json.dumps(DEEP.format(depth)), "[" * depth + "]" * depth)
    # Lone surrogates have no UTF-8: what they become is not UTF-8 either.
    return text.encode("utf-8", "surrogatepass")


def damaged(body: bytes, random: Random) -> bytes:
    """Bytes cut, flipped, doubled, or nothing but noise."""

    def cut() -> bytes:
        return body[: random.randrange(len(body) + 1)]

    def flipped() -> bytes:
        changed = bytearray(body)
        for _ in range(random.randrange(1, 9)):
            changed[random.randrange(len(changed))] = random.randrange(256)
        return bytes(changed)

    def spliced() -> bytes:
        start, end = (random.randrange(len(body) + 1) for _ in range(2))
        return body[:start] + random.randbytes(random.randrange(9)) + body[end:]

    def noise() -> bytes:
        return random.randbytes(random.choice((1, 7, 300)))

    def letters() -> bytes:
        return "".join(random.choices(string.printable, k=random.randrange(200))).encode()

    ways: tuple[Callable[[], bytes], ...] = (cut, flipped, spliced, noise, letters)
    return random.choice(ways)() if body else noise()
