"""Names, titles and values: one line, visible characters, no formatting, cut between characters."""

import os
import re
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.intercom.characters import seen
from bot.intercom.plain import plain

TRIED = settings(
    max_examples=int(os.environ.get("BODIES", "200")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
NAMES = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.text(alphabet=":*_~`[]()<>@!#|abx1\n\t", max_size=10),
        st.sampled_from(
            [
                "\u202eevil\u202c", "a\u0308", "\u0301" * 20, ":tada:", ":+1::skin-tone-2:",
                "<!channel>", "[x](https://evil.example)",
                "\U0001f468\u200d\U0001f469\u200d\U0001f467",
                "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "\u05e9\u05dc\u05d5\u05dd",
                "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\ud83d", "\u2028", "\x00",
                "*b*",
                "\u1100\u1161\u11a8", "\u0915\u094d\u0937\u093f", "1\ufe0f\u20e3", "_i_", "`c`",
            ]
        ),
    ),
    max_size=8,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Priya\nReply to: Tom", "Priya Reply to: Tom"),
        ("a\u2028b\x85c\td\xa0e", "a b c d e"),
        ("\u202eleahciM\u202c", "leahciM"),
        ("zero\u200bwidth\ufeff\xad\U000e0041", "zerowidth"),
        (":tada: party :+1:", "\u2236tada: party \u2236+1:"),
        (":tada", "\u2236tada"),
        ("user:123 at x: y", "user:123 at x: y"),
        ("> quoted > not", "\u203a quoted > not"),
        ("at 10:30:45, ratio 1:2", "at 10:30:45, ratio 1:2"),
        ("*bold* ~gone~ `code`", "\u2217bold\u2217 \u223cgone\u223c \u02cbcode\u02cb"),
        ("_it_ snake_case a_b@x.example", "\u02cdit\u02cd snake_case a_b@x.example"),
        ("[Refund](https://evil.example)", "[Refund] (https://evil.example)"),
        ("Zoe\u0308", "Zo\xeb"),
        ("<!channel> & co", "<!channel> & co"),
        ("\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
         "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627"),
        ("half \ud83d", "half \ufffd"),
        ("both \ud83d\ude00", "both \U0001f600"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_name_is_only_a_name(given: str, shown: str) -> None:
    assert plain(given) == shown


@pytest.mark.parametrize(
    "whole",
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "\U0001f1e9\U0001f1ea",
        "\U0001f44d\U0001f3fd",
        "\u2764\ufe0f",
        "1\ufe0f\u20e3",
        "q\u0323\u0307",
        "\u0915\u094d\u0937\u093f",
    ],
)
def test_a_cut_never_goes_through_one_character(whole: str) -> None:
    for limit in range(1, len(whole) + 6):
        cut = plain(f"ab {whole} tail that is long enough", limit)
        assert len(cut) <= limit
        assert cut.endswith("…")
        kept = cut[:-1].removeprefix("ab").strip()
        assert kept == "" or kept == "a" or kept.startswith(whole)


def test_a_letter_cannot_paint_over_the_lines_around_it() -> None:
    assert len(plain("z" + "\u0335\u0321" * 50)) == 7


@TRIED
@given(name=NAMES, limit=st.none() | st.integers(1, 30))
def test_any_name_is_one_visible_line_without_formatting(name: str, limit: int | None) -> None:
    shown = plain(name, limit)
    assert seen(shown) == shown
    assert shown == " ".join(shown.split())
    assert unicodedata.is_normalized("NFC", shown)
    assert not re.search(r"[*~`\n]|(?<!\w)_(?=\w)|\]\(", shown)
    assert not re.search(r"(?<![0-9]):[\w+'.-]{1,100}:", shown)
    assert limit is None or len(shown) <= limit
    if limit is None:
        assert plain(shown) == shown
    shown.encode()
