"""What rebuilding a stored body would take from it, told in words."""

import pytest

from bot.intercom.html import losses, rebuild

AS_INTERCOM_STORES = [
    '<p class="no-margin">Body of the Article</p>',
    '<h1 class="intercom-align-left" id="h_1">Header</h1><p class="no-margin"></p>',
    '<ul><li><p class="no-margin">one</p></li></ul><pre><code>x = 1</code></pre>',
    '<p><a href="https://x.example/" target="_blank" rel="nofollow noopener" '
    'class="intercom-content-link">link</a></p>',
    '<div class="intercom-container intercom-align-left"><img src="https://x.example/i.jpg"></div>',
    '<div class="intercom-interblocks-table-container"><table role="presentation"><tbody><tr>'
    '<td colspan="2"><p>cell</p></td></tr></tbody></table></div>',
    '<div class="intercom-h2b-video"><iframe src="https://www.loom.com/embed/1" frameborder="0"'
    " webkitallowfullscreen mozallowfullscreen allowfullscreen></iframe></div>",
    "<!-- a remark --><hr><blockquote>quoted</blockquote>",
]


@pytest.mark.parametrize("stored", AS_INTERCOM_STORES)
def test_what_intercom_writes_by_itself_is_no_loss(stored: str) -> None:
    assert losses(stored, "article") == []
    assert rebuild(stored, "article").html


@pytest.mark.parametrize(
    ("stored", "lost"),
    [
        ("<form action=/x><input><select></select></form>", ["a form"]),
        ("<iframe src='https://example.com/x'></iframe>", ["an embedded page from example.com"]),
        ("<iframe srcdoc=x></iframe>", ["an embedded page from an unknown place"]),
        (
            '<div class="intercom-interblocks-callout" style="background-color: #feedaf80">x</div>',
            ["a highlighted block (callout)"],
        ),
        ('<a class="intercom-h2b-button" href="https://x.example">Go</a>', ["a button"]),
        ('<p class="intercom-align-center">x</p>', ["centered text or pictures"]),
        ("<details><summary>s</summary>x</details>", ["a section that folds"]),
        ("<img src='https://x.example/i.png' width=300>", ["a picture's size"]),
        ("<img src='http://x.example/i.png'>", ["a picture from http://x.example/i.png"]),
        ("<a href='#h_1'>below</a>", ["a link within the page"]),
        ("<a href='tel:+3531'>call</a>", ["a link to tel:+3531"]),
        ("<p>H<sub>2</sub>O <u>now</u></p>", ["lowered text", "underlined text"]),
        ("<table><tr><td style='color:red'>x</table>",
         ["a table's colors, sizes or other looks"]),
        ("<p style='color:red'>x</p>", ["text's colors, sizes or other looks"]),
        ("<ol start=5><li>x</ol>", ["a list's first number (5)"]),
        ("<ul><li>a<table><tr><td>x</table></ul>",
         ["a table inside of a list or of another table"]),
        ("<div class='intercom-new-thing'>x</div>",
         ["a block of Intercom's own (intercom-new-thing)"]),
        ("x <x <svg><path/></svg><script>y</script>", ["a drawing", "a script"]),
    ],
)  # fmt: skip
def test_what_readers_would_miss_is_named(stored: str, lost: list[str]) -> None:
    assert losses(stored, "article") == lost


def test_a_message_has_no_place_for_what_articles_have() -> None:
    stored = "<h1>a</h1><table><tr><td>b</table><blockquote>c</blockquote><hr>"
    assert losses(stored, "article") == []
    assert losses(stored, "message") == [
        "a heading", "a table", "a quote", "a line across the page",
    ]  # fmt: skip
