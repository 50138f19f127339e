"""Characters that are not seen but change what is read: taken out, unless they have a meaning.

Controls, direction overrides, zero-width characters, tags, fillers and private-use characters are
removed. What has a meaning where it stands stays: the joiners inside an emoji and between letters
of scripts that need them (Arabic, the scripts of India), a variation selector after the one
character that it varies, and the three flags that are spelled with tags (England, Scotland,
Wales). So nobody can hide words or turn a line around, and no language is damaged.

From Unicode's own tables: Default_Ignorable_Code_Point (UAX 44), emoji sequences (UTS 51), where
joiners have a meaning (UAX 31 and RFC 5892, appendix A).
"""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SUSPECT = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
    "|[" + "".join(f"{chr(p * 0x10000 + 0xFFFE)}-{chr(p * 0x10000 + 0xFFFF)}" for p in range(1, 15))
    + "]"
)  # fmt: skip
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLACK_FLAG = "\U0001f3f4"
_FLAG_TAGS = tuple(
    "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
_EMOJI = re.compile(
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_JOINING = (
    (0x0600, 0x0DFF), (0x1000, 0x109F), (0x1700, 0x18AF), (0x1A00, 0x1CFF), (0xA800, 0xABFF),
    (0xFB50, 0xFDFF), (0xFE70, 0xFEFC), (0x10A00, 0x11FFF), (0x1E900, 0x1E95F),
)  # fmt: skip
_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


def seen(text: str) -> str:
    """The text without characters that are not seen; every way to end a line becomes `\\n`.

    Half a surrogate pair becomes U+FFFD, so that the text can always be encoded. Doing it twice
    changes nothing more. Takes time in proportion to the text.
    """
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _LINE_ENDS.sub("\n", text)
    if not _SUSPECT.search(text):
        return text
    kept: list[str] = []
    at = 0
    while at < len(text):
        here = text[at]
        flag = next((tags for tags in _FLAG_TAGS if text.startswith(tags, at)), "")
        if flag and kept and kept[-1] == _BLACK_FLAG:
            kept.append(flag)
            at += len(flag)
            continue
        if here == "\u2800":
            kept.append(" ")
        elif not _SUSPECT.match(here) or _has_meaning(here, kept, text[at + 1 : at + 2]):
            kept.append(here)
        at += 1
    return "".join(kept)


def is_emoji(character: str) -> bool:
    return bool(_EMOJI.match(character))


def _has_meaning(here: str, kept: list[str], following: str) -> bool:
    before = kept[-1] if kept else ""
    if not before or len(before) > 1:
        return False
    if here == "\u200d" and is_emoji(following):
        return is_emoji(before) or (before == "\ufe0f" and len(kept) > 1 and is_emoji(kept[-2]))
    if here in "\u200c\u200d":
        return _joins(before) and (here == "\u200d" or _joins(following))
    if here in "\ufe0e\ufe0f":
        return is_emoji(before) or (before in "#*0123456789" and following == "\u20e3")
    if "\ufe00" <= here <= "\ufe0d":
        return unicodedata.category(before) in ("Lo", "Sm") and not _SUSPECT.match(before)
    if "\U000e0100" <= here <= "\U000e01ef":
        return _within(before, _IDEOGRAPHS)
    if here in "\u180b\u180c\u180d\u180f":
        return "\u1820" <= before <= "\u18aa"
    return False


def _joins(character: str) -> bool:
    """Whether joiners have a meaning beside this letter or mark."""
    return (
        _within(character, _JOINING)
        and unicodedata.category(character)[0] in "LM"
        and not _SUSPECT.match(character)
    )


def _within(character: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return bool(character) and any(low <= ord(character) <= high for low, high in ranges)
