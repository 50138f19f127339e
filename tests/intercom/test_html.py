"""Bodies: what is sent is what is shown, and what people wrote survives."""

import pytest

from bot.intercom.html import BodyRefused, html_of, losses, rebuild, text_of

SAME = [
    ("Write to <help@x.example> or <https://x.example/a?b=1&copy=2>",
     "Write to <help@x.example> or <https://x.example/a?b=1&copy=2>"),
    ("<p>Write to <help@x.example> or <https://x.example/></p>",
     "Write to <help@x.example> or <https://x.example/>"),
    ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
    ("<b>one</b>\ntwo\n\nthree", "one\ntwo\n\nthree"),
    ("I <3 you & you </3 me", "I <3 you & you </3 me"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text"), SAME)
def test_words_in_angle_brackets_and_typed_lines_survive(body: str, text: str) -> None:
    rebuilt = rebuild(body, "message")
    assert rebuilt.text == text
    assert rebuild(rebuilt.html, "message") == rebuilt


def test_a_message_keeps_paragraphs_lists_code_links_and_pictures() -> None:
    body = (
        '<p class="x" style="color:red">Hello <strong>Anna</strong>,<br>see <a'
        ' href="https://x.example/a" onclick="y()">here</a>.</p><ul><li>one<li>two</ul>'
        '<pre>a\n  b</pre><img src="https://x.example/p.png" alt="a cat" srcset="z 2x">'
    )
    rebuilt = rebuild(body, "message")
    assert rebuilt.html == (
        '<p>Hello <b>Anna</b>,<br>see <a href="https://x.example/a">here</a>.</p>'
        "<ul><li>one</li><li>two</li></ul><pre>a\n  b</pre>"
        '<p><img src="https://x.example/p.png" alt="a cat"></p>'
    )
    assert rebuilt.text == (
        "Hello Anna,\nsee here (https://x.example/a).\n\n• one\n• two\n\na\n  b\n\n"
        "[picture: a cat] (https://x.example/p.png)"
    )
    assert rebuilt.addresses == ("https://x.example/a", "https://x.example/p.png")


def test_nothing_left_of_a_body_is_refused() -> None:
    with pytest.raises(BodyRefused, match="Nothing of this text"):
        rebuild("<script>alert(1)</script>", "message")
    assert rebuild(" \n", "message") == ("", "", ())


def test_typed_text_comes_out_as_typed() -> None:
    typed = "One & <two>\nthree\n\nfour"
    assert html_of(typed) == "<p>One &amp; &lt;two&gt;<br>three</p><p>four</p>"
    assert text_of(html_of(typed)) == typed


def test_what_intercom_adds_by_itself_is_no_loss() -> None:
    stored = '<h1 id="h_1">A</h1><p class="no-margin intercom-align-left">Body of the Article</p>'
    assert losses(stored, "article") == []
    assert losses(stored + "<form><input></form>", "article") == ["a form"]
