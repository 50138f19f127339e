"""How much of a text that is still being written can be judged, and so be shown, already."""

import re
from collections.abc import Iterable, Mapping

from bot.slack.fences import Passage, passages
from bot.slack.links import brackets, link_at
from bot.slack.markdown import BROADCASTS, code_spans

MOST_HELD = 1_000

_ONLY_MARKS = re.compile(r"[ \t>\-*+\d.)]*[`~]*$")
_TAG = re.compile(r"<(?=[A-Za-z/!@#?\\]|$)")
_LAST = re.compile(r"(?:&[#\w]{0,31}|\\|[*_~`!]+|\r)$")
_URL = re.compile(r"https?://[^\s<>*~|]*[^\s<>*~|_.,;:!?)\]]")
_EMPHASIS = re.compile(r"\*{1,3}|_{1,3}|~~")


def complete_part(text: str) -> tuple[str, str]:
    """Split streamed Markdown in what can be judged already and what is still unfinished.

    Held back are a link, a tag, an entity, code and emphasis without their ends, at most
    `MOST_HELD` characters of them. What is longer goes out, where `safe_markdown` finds a link or
    a tag without an end and makes text of it; of a code block, its complete lines go out.
    """
    last = [Passage(0, 0), *passages(text)][-1]
    if last.is_code:
        if last.is_closed and text.endswith("\n"):
            return text, ""
        if len(text) - last.start <= MOST_HELD:
            return text[: last.start], text[last.start :]
        return (text, "") if last.is_closed else _code_so_far(text, last)
    start = max(last.start, max((m.end() for m in re.finditer(r"\n\s*\n", text)), default=0))
    paragraph = text[start:]
    enough = max(0, len(paragraph) - MOST_HELD)
    unfinished = [at for at in _unfinished(paragraph) if at >= enough]
    cut = start + min(unfinished, default=len(paragraph))
    return text[:cut], text[cut:]


def _code_so_far(text: str, code: Passage) -> tuple[str, str]:
    """A long code block in two: the one goes out, the other is still being written."""
    cut = text.rfind("\n") + 1
    if len(text) - cut > MOST_HELD or cut <= text.find("\n", code.start) + 1:
        cut = len(text)
    line_end = "" if text[:cut].endswith("\n") else "\n"
    return text[:cut] + line_end + code.closing, code.opening + text[cut:]


def _unfinished(text: str) -> list[int]:
    """Where in a paragraph something begins whose end, or next character, is still to come."""
    spans, alone = code_spans(text)
    found = [at for at, _ in alone] + [at for at, end, _ in spans if end == len(text)]
    text = _masked(text, [(at, end) for at, end, _ in spans])
    pairs = brackets(text)
    line = text.rfind("\n") + 1
    if text[line:].startswith("|") or (line < len(text) and _ONLY_MARKS.match(text, line)):
        found.append(line)
    found += _open_brackets(text, pairs)
    found += [m.start() for m in _TAG.finditer(text) if text.find(">", m.end()) < 0]
    if last := _LAST.search(text):
        found.append(last.start())
    word = re.search(r"@(\w{0,8})$", text)
    if word and any(name.startswith(word[1].lower()) for name in BROADCASTS):
        found.append(word.start())
    text = _masked(text, _links(text, pairs))
    return found + _open_emphasis(_masked(text, [m.span() for m in _URL.finditer(text)]), line)


def _masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The same, as long as it was, with nothing in these spans that could be markup."""
    for at, end in spans:
        text = text[:at] + "x" * (end - at) + text[end:]
    return text


def _links(text: str, pairs: Mapping[int, int]) -> list[tuple[int, int]]:
    """Where complete links start and end."""
    return [
        (at, link.end)
        for at, end in pairs.items()
        if text[end + 1 : end + 2] == "(" and (link := link_at(text, end + 1))
    ]


def _open_brackets(text: str, pairs: Mapping[int, int]) -> list[int]:
    found: list[int] = []
    for at, char in enumerate(text):
        if char != "[" or (at and text[at - 1] == "\\"):
            continue
        end, before = pairs.get(at), at - (text[at - 1 : at] == "!")
        following = "" if end is None else text[end + 1 : end + 2]
        if (
            end is None
            or not following
            or (following == "(" and link_at(text, end + 1) is None)
            or (following == "[" and pairs.get(end + 1, len(text)) >= len(text) - 1)
            or (following == ":" and "\n" not in text[end:])
        ):
            found.append(before)
    return found


def _open_emphasis(text: str, line: int) -> list[int]:
    opened: list[tuple[str, int]] = []
    for match in _EMPHASIS.finditer(text, line):
        mark, before, after = match[0], text[match.start() - 1 : match.start()], text[match.end() :]
        inside_word = mark[0] == "_" and before.isalnum() and after[:1].isalnum()
        if before == "\\" or inside_word:
            continue
        marks = [name for name, _ in opened]
        if before.strip() and mark in marks:
            del opened[marks.index(mark) :]
        elif after[:1].strip():
            opened.append((mark, match.start()))
    return [at for _, at in opened]
