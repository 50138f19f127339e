import html
import random
import re
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.slack.formatting import complete_part, escape, safe_markdown, split_at, unescape

OURS = "https://app.intercom.com/a/inbox/_/inbox/conversation/1"
JOINER = "\u2060"
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def acting(markdown: str) -> list[str]:
    """What a reader of Markdown makes of a text that leads elsewhere or is HTML."""

    def of(tokens: list[Token]) -> list[str]:
        found = []
        for token in tokens:
            if token.type in ("html_inline", "html_block", "image"):
                found.append(token.content or str(token.attrs))
            elif token.type == "link_open":
                url = urlsplit(str(token.attrs["href"]))
                if (url.scheme, url.netloc) != ("https", "app.intercom.com"):
                    found.append(str(token.attrs["href"]))
            found += of(token.children or [])
        return found

    return of(READER.parse(markdown)) + re.findall(r"<[!@#]", markdown)


@pytest.mark.parametrize(
    "text",
    [
        "<!channel>",
        "<!here|here>",
        "<@U123>",
        "<!subteam^S1|@team>",
        "<#C123|general>",
        "&lt;!here&gt;",
        "&#60;!here&#x3E;",
        "&amp;lt;@U123&amp;gt;",
        "<<!here>!here>",
        "\\<!here>",
        "<\\!here>",
        "[<!here>](https://evil.example)",
        f"[<@U123>]({OURS})",
        "**<!here>**",
        "> <!here>",
        "| <!here> |\n|---|\n| <@U123> |",
    ],
)
def test_customers_words_do_not_ping(text: str) -> None:
    assert text not in safe_markdown(f"He wrote {text}.")
    assert "<" not in safe_markdown(text)
    assert "<" not in escape(text)


@pytest.mark.parametrize(
    "text", ["`<!here>`", "```\n<!here>\n```", "```\n<!here>", "- ```\n  <@U1>\n  ```", "`<#C1`"]
)
def test_code_shows_a_ping_that_is_none(text: str) -> None:
    safe = safe_markdown(text)
    assert not re.search("<[!@#]", safe)
    assert re.search(f"<{JOINER}[!@#]", safe)


@pytest.mark.parametrize("word", ["here", "channel", "everyone", "Channel"])
def test_words_that_call_everybody_are_words(word: str) -> None:
    assert safe_markdown(f"Ask @{word}, &#64;{word}") == f"Ask @{JOINER}{word}, @{JOINER}{word}"
    assert safe_markdown(f"ada@{word}.example @{word}s") == f"ada@{word}.example @{word}s"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("[my bank](https://evil.example/x)", "my bank (https://evil.example/x)"),
        (
            "[https://bank.example](https://evil.example)",
            "https://bank.example (https://evil.example)",
        ),
        (
            "<https://evil.example|https://bank.example>",
            "https://bank.example (https://evil.example)",
        ),
        (
            "&lt;https://evil.example|bank&gt;",
            "bank (https://evil.example)",
        ),
        ("<https://evil.example>", "https://evil.example"),
        ("<ada@example.com>", "ada@example.com"),
        (f"[#1]({OURS})", f"[#1]({OURS})"),
        (f"[`#1` **now**]({OURS})", f"[`#1` **now**]({OURS})"),
        (f"<{OURS}|#1>", f"[#1]({OURS})"),
        (f"![#1]({OURS})", f"[#1]({OURS})"),
        (f"[https://bank.example]({OURS})", f"https://bank.example ({OURS})"),
        (f"[a [b](https://evil.example)]({OURS})", f"a b (https://evil.example) ({OURS})"),
        (
            "[#1](https://app.intercom.com.evil.example/)",
            "#1 (https://app.intercom.com.evil.example/)",
        ),
        (
            "[#1](https://app.intercom.com@evil.example/)",
            "#1 (https://app.intercom.com@evil.example/)",
        ),
        (
            "[#1](https://app.intercom.com\\@evil.example/)",
            "#1 (https://app.intercom.com@evil.example/)",
        ),
        ("[#1](https://app.intercom.com:8443/)", "#1 (https://app.intercom.com:8443/)"),
        ("[#1](http://app.intercom.com/)", "#1 (http://app.intercom.com/)"),
        ("[#1](//app.intercom.com/)", "#1 (//app.intercom.com/)"),
        ("[#1](https://аpp.intercom.com/)", "#1 (https://xn--pp-6kc.intercom.com/)"),  # noqa: RUF001
        ("[#1](https://xn--pp-6kc.intercom.com/)", "#1 (https://xn--pp-6kc.intercom.com/)"),
        ("[x](javascript:alert(1))", "x (javascript:alert(1))"),
        ("[x](data:text/html,<b>)", "x (data:text/html,%3Cb%3E)"),
        ("[x](<https://evil.example/a b>)", "x (https://evil.example/a%20b)"),
        ("[x](<https://ev\til.example>)", "x (https://evil.example)"),
        ("[x](https://ev\nil.example)", f"[x]{JOINER}(https://ev\nil.example)"),
        ('[x](https://evil.example "bank")', 'x (https://evil.example "bank")'),
        ("[x](\nhttps://evil.example\n'bank')", 'x (https://evil.example "bank")'),
        ("[x [y] z](https://evil.example)", "x [y] z (https://evil.example)"),
        ("[x\\](https://evil.example)", f"[x\\]{JOINER}(https://evil.example)"),
        ("\\[x](https://evil.example)", f"\\[x]{JOINER}(https://evil.example)"),
        ("![x](https://evil.example/x.png)", "x (https://evil.example/x.png)"),
        ("[](https://evil.example)", "https://evil.example"),
        (
            "[a][b] and [b][]\n\n[b]: https://evil.example",
            f"a (https://evil.example) and b (https://evil.example)\n\n[b]{JOINER}: https://evil.example",
        ),
        ("[a][b]", f"[a]{JOINER}[b]{JOINER}"),
        (
            '<a href="https://evil.example">bank</a>',
            '&lt;a href="https://evil.example">bank&lt;/a>',
        ),
    ],
)
def test_links_show_where_they_lead(text: str, safe: str) -> None:
    assert safe_markdown(text) == safe
    assert acting(safe_markdown(text)) == []


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Try `[x](https://evil.example)`.", "Try `[x](https://evil.example)`."),
        ("A `` ` `` and ```x```.", "A `` ` `` and `x`."),
        ("Two `lines\nof` code.", "Two `lines`\n`of` code."),
        ("One ` alone.", "One \u2035 alone."),
        ("A\n```py\n[x](y) < &lt;\n```\nB", "A\n```py\n[x](y) < &lt;\n```\nB"),
        ("A\n~~~py\n```\n~~~\n", f"A\n```py\n``{JOINER}`\n```\n"),
        ("A\n```py\nx", "A\n```py\nx\n```\n"),
        ("1. A\n   ```\n   x\n   ```\n2. B", "1. A\n```\nx\n```\n2. B"),
        ("A\n> ```\n> x\nB", "A\n> ```\n> x\n> ```\nB"),
        ("# A\n\n- [ ] b\n- *c* ~~d~~\n\n> e", "# A\n\n- [ ] b\n- *c* ~~d~~\n\n> e"),
        ("| a | b |\n|---|:-:|\n| **c** | `d` |", "| a | b |\n|---|:-:|\n| **c** | `d` |"),
        ("R&D, 1 > 0, a_b_c, 2 * 3", "R&D, 1 > 0, a_b_c, 2 * 3"),
    ],
)
def test_markup_survives(text: str, safe: str) -> None:
    assert safe_markdown(text) == safe
    assert safe_markdown(safe) == safe


@pytest.mark.parametrize(
    "text",
    [
        "a ```\n\n[x](https://evil.example)\n\n```",
        "        ```\n\n[x](https://evil.example)\n\n        ```",
        "> ```\n> a\n[x](https://evil.example)\n```",
        "# a `\nb ` [x](https://evil.example) `",
        "| ` | [x](https://evil.example) ` |\n|---|---|\n| a | b |",
        "[`a](https://evil.example) b`](https://evil.example)",
        "| a | b |\n|---|---|\n| `c | d` `[x](https://evil.example)` e` |",
        "- ```\n\n[x](https://evil.example)\n",
        "~~~ ```\n[x](https://evil.example)",
    ],
)
@pytest.mark.parametrize("before", ["", "Hello ", "`a`"])
def test_what_looks_like_code_hides_no_link(before: str, text: str) -> None:
    assert acting(safe_markdown(before + text)) == []
    assert acting(safe_markdown(before) + safe_markdown(text)) == []


@pytest.mark.parametrize(
    "tail",
    [
        "<!chan",
        "<",
        "[label",
        "[label]",
        "[label](https://e",
        "[label](<https://e) x",
        "[label][na",
        "![label",
        "<https://evil.example|b",
        "&lt",
        "@chan",
        "`co",
        "`code`",
        "**bo",
        "**bold*",
        "```py\nx = 1\n",
        "```py\nx = 1\n```",
    ],
)
def test_a_piece_that_is_cut_in_a_link_or_tag_waits_for_the_rest(tail: str) -> None:
    before = "All is well.\n" if "\n" in tail else "All is well. "
    assert complete_part(before + tail) == (before, tail)
    assert complete_part("All is well.") == ("All is well.", "")


def test_an_underscore_in_a_url_holds_nothing_back() -> None:
    text = "See https://app.intercom.com/a/inbox/_/inbox/conversation/7 and"
    assert complete_part(text) == (text, "")


@pytest.mark.parametrize("size", [1, 3, 7, 40, 200])
def test_links_to_intercom_stay_whole_in_whatever_pieces_they_are_written(size: int) -> None:
    inbox = "https://app.intercom.com/a/inbox/_/inbox/conversation/"
    lines = [f"- [#{n}]({inbox}{n}) **Charged twice** · _Priya_, open" for n in range(70, 90)]
    text = "**20** are open:\n\n" + "\n".join(lines)
    shown, held = "", ""
    for start in range(0, len(text), size):
        ready, held = complete_part(held + text[start : start + size])
        shown += safe_markdown(ready)
    assert shown + safe_markdown(held) == text


@pytest.mark.parametrize("start", ["[x](https://evil.example/", "<https://evil.example/", "`"])
def test_what_never_ends_is_not_held_for_ever(start: str) -> None:
    ready, held = complete_part("A " + start + "y" * 1_200)
    assert held == ""
    assert acting(safe_markdown(ready) + safe_markdown(") | b> c`")) == []


def test_a_long_code_block_goes_out_by_lines() -> None:
    lines = [f"line {number}" for number in range(200)]
    ready, held = complete_part("Look:\n```py\n" + "\n".join(lines))
    assert ready.endswith("line 198\n```\n")
    assert held == "```py\nline 199"


def test_long_texts_are_cut_where_a_person_would() -> None:
    text = "a" * 60 + "\n\n" + "b" * 60
    assert split_at(text, 100) == ("a" * 60 + "\n\n", "b" * 60)
    assert split_at("- " + "a" * 30 + "\n- " + "b " * 40, 60)[1].startswith("- b")
    assert split_at("One is here. Two is there.", 20) == ("One is here. ", "Two is there.")
    assert split_at("word " * 30, 100)[0].endswith("word ")
    assert split_at("x" * 150, 100) == ("x" * 100, "x" * 50)


def test_a_cut_spares_links_code_entities_and_graphemes() -> None:
    for middle in (f"[a b]({OURS})", "`a b c`", "&lt;", "👩‍👩‍👧", "e\u0301", "🇩🇪"):
        text = "x" * 70 + middle + "y" * 70
        for limit in range(75, 135):
            part, rest = split_at(text, limit)
            assert part + rest == text
            assert (middle in part) != (middle in rest)


def test_code_emphasis_quotes_and_tables_go_on_in_the_next_part() -> None:
    assert split_at("```py\none = 1\ntwo = 2\nsix = 6\n```\n", 28) == (
        "```py\none = 1\ntwo = 2\n```\n",
        "```py\nsix = 6\n```\n",
    )
    assert split_at("**one two three four**", 14) == ("**one two** ", "**three four**")
    assert split_at("> one two three", 10) == ("> one two ", "\n> three")
    head = "| a | b |\n|---|---|\n"
    rows = [f"| {number} | row |\n" for number in range(6)]
    part, rest = split_at(head + "".join(rows), 60)
    assert (part, rest) == (head + "".join(rows[:3]), "\n" + head + "".join(rows[3:]))


def test_what_slack_escaped_reads_as_it_was_typed() -> None:
    assert unescape(escape("a < b && c > d &lt;")) == "a < b && c > d &lt;"


FRAGMENTS = [
    *("<!here>", "<@U123>", "<#C1|x>", "&lt;!channel&gt;", "&amp;#60;@U1>", "<", ">", "&", ";"),
    *("[", "]", "(", ")", "](", "![", "][", "]:", "\\", "!", "|", "@", "@here", "#", "`", "``"),
    *("```", "~~~", "\n```py\n", "\n```\n", "\n~~~\n", "\n> ```\n", "\n- ```\n  ", "    "),
    *("**", "*", "_", "~~", "\n", "\n\n", "\n> ", "\n- ", "\n1. ", "\n# ", " ", " ", "\t"),
    *("https://evil.example/", "javascript:alert(1)", "<https://evil.example|", "<a href='x'>"),
    *("[x](https://evil.example)", "![x](//evil.example 'y')", "[x](<https://evil.example/a b>)"),
    *(f"[x]({OURS})", f"<{OURS}|x>", f"]({OURS})", "[x][y]", "\n[y]: https://evil.example\n"),
    *("`[x](https://evil.example)`", "\n| a | b |\n|---|---|\n", "\n| c | d |\n", "👩‍👩‍👧", "é. "),
    *("a ```\n\n[x](https://evil.example)\n\n```", "long words here. " * 20, "&lt;!--", "</a>"),
]


def streamed(chance: random.Random, text: str, limit: int) -> list[str]:
    parts: list[str] = []
    held = ""
    while text or held:
        size = chance.choice((1, 3, 10, 40, 200))
        held, text = held + text[:size], text[size:]
        if text and chance.random() > 0.03:
            ready, held = complete_part(held)
            assert len(held) <= 1_100
        else:
            ready, held = held, ""
        rest = safe_markdown(ready)
        while rest:
            part, rest = split_at(rest, limit)
            assert part
            assert len(part) <= limit
            parts.append(part)
    return parts


@pytest.mark.parametrize("seed", range(400))
def test_no_mixture_of_markup_gets_through(seed: int) -> None:
    chance = random.Random(seed)
    marks = [f" q{number}z " for number in range(chance.randint(3, 60))]
    text = "".join(
        chance.choice(FRAGMENTS) + (mark if chance.random() < 0.5 else mark.strip())
        for mark in marks
    )
    parts = streamed(chance, text, chance.choice((150, 400, 2_000)))
    whole = "".join(parts)
    assert acting(whole) == []
    for part in parts:
        assert acting(part) == []
        fences = re.findall(r"^(?:> ?)*```", part, re.M)
        assert len(fences) % 2 == 0, part
    joined = re.sub(r"\n(?:> ?)*```\n\s*(?:> ?)*```\S*\n", "", whole)
    seen = [re.sub(r"[^a-z0-9]", "", html.unescape(shown)) for shown in (whole, joined)]
    for mark in marks:
        assert any(mark.strip() in shown for shown in seen), mark
