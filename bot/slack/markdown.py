"""Markdown from Claude and from customers, made harmless for Slack's `markdown_text`.

How Slack itself reads Markdown is not published, and an answer reaches it in pieces. So what is
written here depends neither on what stands before or after it, nor on backslashes: links to
elsewhere are taken apart, code spans end in their line, fences stand alone and on the left.
"""

import html
import re

from bot.slack.fences import Passage, passages
from bot.slack.links import PRIVATE, Link, brackets, definitions, is_ours, link_at, name_of, visible

JOINER = "\u2060"
"""Takes no room and joins what it stands between; to Slack `<` and `!here` then are apart."""

BROADCASTS = ("here", "channel", "everyone")
_LONGEST_LABEL = 300
_DEEPEST = 8

_BACKTICKS = re.compile(r"(\\?)(`+)")
_LOOKS_LIKE_BACKTICK = "\u2035"
_PARAGRAPH = re.compile(r"(\n[ \t>]*(?:\n|(?=#|\|))|\n(?=[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]))")
_CODE, _LINK = 0xF0000, 0x100000
_NEIGHBOURS = re.compile("([\U000f0000-\U000fffff])(?=[\U000f0000-\U000fffff])")
_ENTITY = re.compile(r"&(?:amp;)*(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,20});")
_ACTING = "!@#<>[]()|:`"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_AUTOLINK = re.compile(
    r"<((?:[A-Za-z][A-Za-z0-9+.-]{1,31}:|//|www\.)[^\s<>|]*|[\w.+-]+@[\w.-]+)(?:\|([^<>\n]*))?>"
)
_PING = re.compile(r"(<|&(?:amp;)*(?:lt|LT|#0*60|#[xX]0*3[cC]);)(?=\\*[!@#])")
_BROADCAST = re.compile(rf"(?<![\w/.@])@(?=(?:{'|'.join(BROADCASTS)})(?!\w))", re.I)
_SLACK_LINK_IN_CODE = re.compile(r"<(?=(?:https?|mailto|tel|slack):[^<>\n]*\|)")


def safe_markdown(text: str) -> str:
    """Markdown that pings nobody and hides no link's destination.

    `<!here>`, `<@U1>` and their like become text, also in code and however they are encoded. A
    plain `@here`, `@channel` or `@everyone` is no ping in Slack's `markdown_text`; yet Slack
    resolves these three words wherever names are linked (`link_names`, `parse=full`, a person who
    copies the message), so a joiner stands behind their `@`, and behind no other.
    """
    text = _CONTROL.sub("\ufffd", PRIVATE.sub("\ufffd", text.replace("\r\n", "\n")))
    text = text.replace("\r", "\n")
    links = definitions(text)
    out = ""
    for passage in passages(text):
        if passage.is_code:
            out += _code_block(passage, out)
            continue
        for paragraph in _PARAGRAPH.split(text[passage.start : passage.end]):
            out += _Prose(links).safe(paragraph)
    out = _unfinished(out)
    return JOINER + out if out.startswith(("`", "~")) else out  # not to join what is before


def code_spans(text: str) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
    """The code spans of a paragraph as (start, end, backticks), and the backticks left alone."""
    runs = list(_BACKTICKS.finditer(text))
    later: dict[int, list[int]] = {}
    for index in range(len(runs) - 1, -1, -1):
        later.setdefault(len(runs[index][2]), []).append(index)
    spans: list[tuple[int, int, int]] = []
    alone: list[tuple[int, int]] = []
    index = 0
    while index < len(runs):
        start, end = runs[index].span(2)
        same = later[end - start]
        while same and same[-1] <= index:
            same.pop()
        if runs[index][1] or not same:
            alone.append(runs[index].span())
            index += 1
            continue
        closing = same.pop()
        spans.append((start, runs[closing].end(), end - start))
        index = closing + 1
    return spans, alone


class _Prose:
    """One paragraph. Finished code and links wait aside, each a private character in the text."""

    def __init__(self, definitions: dict[str, Link]) -> None:
        self._definitions = definitions
        self._aside: dict[str, str] = {}

    def safe(self, text: str) -> str:
        text = self._without_code(text)
        text = _ENTITY.sub(_decoded, text)
        return self._with_aside(_defused(self._without_links(text)))

    def _without_code(self, text: str) -> str:
        spans, alone = code_spans(text)
        # In a table `|` ends a cell before a backtick ends code: there, a line's code may be none.
        first = [text.count("\n", 0, start) for start, _, _ in spans]
        doubtful = {
            number + index
            for number, (start, end, _) in zip(first, spans, strict=True)
            for index, line in enumerate(text[start:end].split("\n"))
            if "|" in line
        }
        out, at = "", 0
        for start, end, ticks in sorted([*spans, *((*span, 0) for span in alone)]):
            out += text[at:start]
            at = end
            if ticks == 0:
                out += _LOOKS_LIKE_BACKTICK * text[start:end].count("`")
                continue
            number = text.count("\n", 0, start)
            lines = text[start + ticks : end - ticks].split("\n")
            out += "\n".join(
                self._code_line(line, number + index in doubtful)
                for index, line in enumerate(lines)
            )
        return out + text[at:]

    def _code_line(self, line: str, is_doubtful: bool) -> str:
        """A code span that ends where its line does, so that nobody reads it otherwise."""
        quote = re.match(r"[ \t]*(?:>[ \t]?)*", line)
        margin = quote[0] if quote and ">" in quote[0] else ""
        code = line[len(margin) :]
        if not code.strip():
            return line
        if is_doubtful:
            code = re.sub(r"\](?=[(\[:])", "]" + JOINER, code.replace("<", "<" + JOINER))
        code = re.sub(r"``(?=`)", "``" + JOINER, _defused_code(code))
        if code.endswith("\\"):
            code += JOINER
        ticks = "`"
        if "`" in code:
            ticks = "``" if re.search(r"(?<!`)`(?!`)", code) else "`"
            if ticks == "``" and "``" in code:
                code = re.sub(r"`(?=`)", "`" + JOINER, code)
            code = re.sub(r"^`", " `", re.sub(r"`$", "` ", code))
        return margin + self._put_aside(f"{ticks}{code}{ticks}", _CODE)

    def _with_aside(self, text: str) -> str:
        text = _NEIGHBOURS.sub(r"\1" + JOINER, text)
        return PRIVATE.sub(lambda match: self._with_aside(self._aside[match[0]]), text)

    def _put_aside(self, text: str, plane: int) -> str:
        key = chr(plane + len(self._aside) % 0xFFF0)
        if key in self._aside:
            return text.replace("[", "(").replace("`", _LOOKS_LIKE_BACKTICK)
        self._aside[key] = text
        return key

    def _without_links(self, text: str, depth: int = 0) -> str:
        pairs = brackets(text)
        out: list[str] = []
        at = 0
        while at < len(text):
            if text[at] == "\\" and at + 1 < len(text):
                out.append(text[at + 1] if text[at + 1] == "<" else text[at : at + 2])
                at += 2
                continue
            start = at + 1 if text.startswith("![", at) else at
            if text[start] == "[" and start in pairs and depth < _DEEPEST:
                label_end = pairs[start]
                if link := self._link(text, start, label_end, pairs):
                    label = self._without_links(text[start + 1 : label_end], depth + 1)
                    out.append(self._shown(label, link))
                    at = link.end
                    continue
            if text[at] == "<" and (match := _AUTOLINK.match(text, at)):
                label = self._without_links(match[2] or "", depth + 1)
                out.append(self._shown(label, Link(match[1], "", match.end())))
                at = match.end()
                continue
            out.append(text[at])
            at += 1
        return "".join(out)

    def _link(self, text: str, start: int, end: int, pairs: dict[int, int]) -> Link | None:
        following = text[end + 1 : end + 2]
        if following == "(":
            return link_at(text, end + 1)
        if following == "[" and end + 1 in pairs:
            name_end = pairs[end + 1]
            name = text[end + 2 : name_end] or text[start + 1 : end]
            if link := self._definitions.get(name_of(name)):
                return Link(link.url, link.title, name_end + 1)
        return None

    def _shown(self, label: str, link: Link) -> str:
        """The link as it is if it leads to Intercom, else its label and its destination."""
        url, title = visible(link.url), self._without_links(link.title, _DEEPEST).strip()
        title = f' "{title}"' if title else ""
        label = label.strip()
        if is_ours(link.url) and _is_plain(self._with_aside(label)):
            shown = self._put_aside(f"[{_defused(label)}]({link.url})", _LINK)
            return f"{shown}{title}"
        bare = label.replace(JOINER, "")
        if bare in ("", url, link.url):
            return f"{url}{title}"
        return f"{label} ({url}{title})"


def _is_plain(label: str) -> bool:
    """Whether a label may hide where its link leads: not if it looks like a link itself."""
    return bool(
        label and len(label) <= _LONGEST_LABEL and not re.search(r"[\[\]<>\n\\]|://|www\.", label)
    )


def _decoded(match: re.Match[str]) -> str:
    """An entity that stands for a character of markup as that character, however often encoded."""
    text, before = match[0], ""
    while text != before:
        before, text = text, html.unescape(text)
    if len(text) != 1 or text not in _ACTING:
        return match[0]
    return _LOOKS_LIKE_BACKTICK if text == "`" else text


def _defused(text: str) -> str:
    """Text that is no markup of Slack's: neither a ping, nor HTML, nor the start of a link."""
    text = text.replace("<", "&lt;")
    text = re.sub(r"\](?=[(\[:\U00100000-\U0010ffff])", "]" + JOINER, text)
    text = re.sub(r"~~(?=~)", "~~" + JOINER, text)
    return _BROADCAST.sub("@" + JOINER, text)


def _defused_code(code: str) -> str:
    code = _SLACK_LINK_IN_CODE.sub("<" + JOINER, _PING.sub(r"\1" + JOINER, code))
    return _BROADCAST.sub("@" + JOINER, code)


def _code_block(code: Passage, before: str) -> str:
    if not (code.lines or code.language or code.is_closed):
        return ""
    start = "" if before.endswith("\n") else "\n"
    if code.before:  # an empty list item, and no underline of a heading
        start += f"{code.quote}{code.before} {JOINER}\n"
    lines = [re.sub(r"``(?=`)", "``" + JOINER, _defused_code(line)) for line in code.lines]
    return start + code.opening + "".join(f"{code.quote}{line}\n" for line in lines) + code.closing


def _unfinished(text: str) -> str:
    """Guards an end that would act together with what comes next: `]`, `<`, `@he`."""
    if text.endswith("]"):
        return text + JOINER
    word = re.search(r"(?<![\w/.@])@(\w{0,8})$", text)
    if word and any(name.startswith(word[1].lower()) for name in BROADCASTS):
        return f"{text[: word.start()]}@{JOINER}{word[1]}"
    return text
