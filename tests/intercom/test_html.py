"""Bodies: what is sent is what is shown, and what people wrote survives."""

import pytest

from bot.intercom.html import BodyRefused, Profile, html_of, losses, rebuild, text_of

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


def test_an_article_keeps_headings_tables_quotes_rules_and_videos_too() -> None:
    body = (
        "<h2 id=x>Title</h2><blockquote>said</blockquote><hr><table><thead><tr><th>a<th>b</thead>"
        "<tr><td>1<td><p>2</p><p>3</p></table>"
        '<iframe src="https://player.vimeo.com/video/1" onload="x()"></iframe>'
    )
    rebuilt = rebuild(body, "article")
    assert rebuilt.html == (
        "<h2>Title</h2><blockquote><p>said</p></blockquote><hr><table><tbody><tr><th><p>a</p></th>"
        "<th><p>b</p></th></tr><tr><td><p>1</p></td><td><p>2</p><p>3</p></td></tr></tbody></table>"
        '<iframe src="https://player.vimeo.com/video/1"></iframe>'
    )
    assert rebuilt.text == (
        "Title\n\n> said\n\n---\n\na | b\n1 | 2 / 3\n\n[video] (https://player.vimeo.com/video/1)"
    )
    assert rebuild(body, "message").html == (
        "<p><b>Title</b></p><p>said</p><p>a</p><p>b</p><p>1</p><p>2</p><p>3</p>"
    )


NOT_SENT = [
    "<!-- secret -->", "<style>secret</style>", "<script>secret</script>",
    "<svg><text>secret</svg>",
    "<math><mi>secret</mi></math>", "<iframe src='https://secret.example'></iframe>",
    "<iframe srcdoc='secret'></iframe>", "<form action='https://secret.example'></form>",
    "<object data='https://secret.example'></object>", "<input value='secret'>",
    "<img src='https://x.example/a.png' srcset='https://secret.example 2x'>",
    "<p style='background:url(https://secret.example)'>x</p>", "<base href='https://secret.example'>",
    "<p title='secret' data-x='secret' id='secret'>x</p>", "<a href='javascript:secret'>x</a>",
    "<meta http-equiv=refresh content='0;url=https://secret.example'>",
    "<a href='//secret.example'>x</a>",
    "<a href='https://x.example' href='https://secret.example'>x</a>",
    "<a ping='https://secret.example'>x</a>",
]  # fmt: skip


@pytest.mark.parametrize("profile", ["message", "article"])
@pytest.mark.parametrize("hidden", NOT_SENT)
def test_what_is_not_on_the_list_is_neither_sent_nor_shown(hidden: str, profile: Profile) -> None:
    rebuilt = rebuild(f"<p>Hello</p>{hidden}", profile)
    assert rebuilt.text.startswith("Hello")
    assert "secret" not in repr(rebuilt)


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>shown</p>", "<p style='display:none'>shown</p>", "<font size=0>shown</font>",
        "<textarea>shown</textarea>", "<title>shown</title>", "<template>shown</template>",
        "<noscript>shown</noscript>", "<select><option>shown</select>", "<![CDATA[shown]]>",
        "<p>x<!--></p><p>shown", "<details>shown</details>", "<plaintext>shown",
    ],
)  # fmt: skip
def test_words_that_would_be_hidden_are_sent_and_shown(hidden: str) -> None:
    rebuilt = rebuild(f"<p>Hello</p>{hidden}", "message")
    assert "shown" in rebuilt.html
    assert "shown" in rebuilt.text


def test_doubled_nested_and_unclosed_links_show_where_each_leads() -> None:
    body = (
        "<a href='https://one.example'>one <a href='https://two.example'>two</a></a>"
        "<p><a href='https://three.example' href='https://four.example'>three</a></p>"
        "<p><a href='https://five.example'>five<p>six"
    )
    assert rebuild(body, "message").text == (
        "one (https://one.example) two (https://two.example)\n\nthree (https://three.example)\n\n"
        "five (https://five.example)\n\nsix (https://five.example)"
    )


def test_a_label_that_looks_like_an_address_shows_the_real_one_beside_it() -> None:
    text = rebuild("<a href='https://evil.example'>https://good.example</a>", "message").text
    assert text == "https://good.example (https://evil.example)"
    same = "<a href='https://good.example'>https://good.example</a>"
    assert rebuild(same, "message").text == "https://good.example"


def test_relative_links_lose_the_link_and_keep_their_words() -> None:
    body = "<p><a href='/x'>one</a> <a href='x'>two</a> <a href='#h'>three</a></p>"
    assert rebuild(body, "article") == ("<p>one two three</p>", "one two three", ())


def test_invisible_characters_are_not_sent() -> None:
    body = "<p>pay&#x202e;pal &shy;\u200b\U000e0041a&#8203;b\u2066c\u2069 \u180e&zwnj;d</p>"
    assert rebuild(body, "message").html == "<p>paypal abc d</p>"


@pytest.mark.parametrize(
    "words",
    [
        "\u05e9\u05dc\u05d5\u05dd, \u05d4\u05d4\u05d7\u05d6\u05e8 \u05d1\u05d3\u05e8\u05da",
        "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0d9a\u0dca\u200d\u0dbb\u0dd3", "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
        "1\ufe0f\u20e3 \U0001f44d\U0001f3fd \U0001f1ee\U0001f1ea", "\u845b\U000e0100\u98fe",
        "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
        "\U0001f3f3\ufe0f\u200d\U0001f308", "Fish & chips; 1 < 2 > 0 \"quoted\" it's",
    ],
)  # fmt: skip
def test_every_language_and_emoji_survives(words: str) -> None:
    assert rebuild(words, "message").text == words
    assert rebuild(f"<p>{words}</p>", "message").text == words


def test_code_keeps_its_spaces() -> None:
    code = "def f():\n\n    return  1\t# x"
    assert rebuild(f"<pre><code>{code}</code></pre>", "message").text == code
    assert code in rebuild(f"<pre><code>{code}</code></pre>", "message").html


def test_many_line_breaks_cannot_push_words_out_of_sight() -> None:
    assert rebuild("a" + "<br>" * 500 + "b", "message").html == "<p>a<br><br>b</p>"


def test_numbers_bullets_and_nesting_are_shown() -> None:
    body = "<ol><li>one<ul><li>a<br>b</ul><li><p>two</p><p>more</p></ol>"
    assert rebuild(body, "message").text == "1. one\n   • a\n     b\n2. two\n   more"


def test_a_picture_cannot_forge_another_address() -> None:
    body = "<img src='https://x.example/a.png' alt='ok] (https://good.example'>"
    text = rebuild(body, "message").text
    assert text == "[picture: ok) (https://good.example] (https://x.example/a.png)"
