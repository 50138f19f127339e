import pytest

from bot.slack.formatting import complete_part, escape, safe_markdown, split_at, unescape


@pytest.mark.parametrize(
    "text",
    ["<!channel>", "<!here|here>", "<@U123>", "<!subteam^S1|@team>", "<#C123|general>"],
)
def test_customers_words_do_not_ping(text: str) -> None:
    assert text not in safe_markdown(f"He wrote {text}.")
    assert "<" not in safe_markdown(text)
    assert "<" not in escape(text)


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
            "[#1](https://app.intercom.com/a/inbox/_/inbox/conversation/1)",
            "[#1](https://app.intercom.com/a/inbox/_/inbox/conversation/1)",
        ),
        (
            "[#1](https://app.intercom.com.evil.example/)",
            "#1 (https://app.intercom.com.evil.example/)",
        ),
        ("[x](javascript:alert(1))", "x (javascript:alert(1)"),
    ],
)
def test_links_show_where_they_lead(text: str, safe: str) -> None:
    assert safe_markdown(text).startswith(safe)


@pytest.mark.parametrize(
    "tail", ["<!chan", "[label", "[label](https://e", "<https://evil.example|b"]
)
def test_a_piece_that_is_cut_in_a_link_or_tag_waits_for_the_rest(tail: str) -> None:
    assert complete_part("All is well. " + tail) == ("All is well. ", tail)
    assert complete_part("All is well.") == ("All is well.", "")


def test_long_texts_are_cut_where_a_person_would() -> None:
    text = "a" * 60 + "\n\n" + "b" * 60
    assert split_at(text, 100) == ("a" * 60, "b" * 60)
    assert split_at("word " * 30, 100)[0].endswith("word")
    assert split_at("x" * 150, 100) == ("x" * 100, "x" * 50)


def test_what_slack_escaped_reads_as_it_was_typed() -> None:
    assert unescape(escape("a < b && c > d &lt;")) == "a < b && c > d &lt;"
