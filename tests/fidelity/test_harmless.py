"""The look at what was sent, tried on posts of its own: ours pass, those that act do not."""

from tests.fidelity import harmless

SLACK = "https://northwind.slack.com"
OFF = {"unfurl_links": False, "unfurl_media": False}


def section(text: str, kind: str = "mrkdwn") -> list[object]:
    return [{"type": "section", "text": {"type": kind, "text": text}}]


def looked_at(**sent: object) -> list[str]:
    return harmless.problems([("chat.postMessage", {**OFF, **sent})], SLACK)


def test_what_we_write_passes() -> None:
    for text in (
        "<@U0MAYA0001> asked:\n&gt;What is &lt;!channel&gt;?",
        "<@U0MAYA0001> shares an answer:\n\nAll done.",
        ":white_check_mark: Approved by <@U0MAYA0001> · <!date^1|today>",
        "<https://app.intercom.com/a/inbox/1|Open in Intercom>",
        "I go on: this is the request of <@U1>, <@U2>, and nobody else can stop it.",
    ):
        assert looked_at(text=text) == []
        assert looked_at(text="ok", blocks=section(text)) == []
    everything = "<!channel> <@U0MAYA0001> <https://evil.example|Intercom>"
    assert looked_at(text="ok", blocks=section(everything, "plain_text")) == []


def test_what_acts_is_found() -> None:
    for text, why in (
        ("A reply to <!channel>", "calls everybody"),
        ("<!subteam^S1>", "calls everybody"),
        ("Close the conversation of <@U0MAYA0001>", "mentions somebody"),
        ("<https://evil.example|Intercom>", "a link with another label"),
    ):
        for sent in (
            {"text": text},
            {"text": "ok", "blocks": section(text)},
            {"markdown_text": text},
        ):
            [problem] = looked_at(**sent)
            assert why in problem


def test_a_post_that_slack_would_make_previews_for_is_found() -> None:
    assert looked_at(text="ok", unfurl_media=True) == ["chat.postMessage: unfurl_media is not off"]
    answer = ("response_url", {"text": "ok", "unfurl_links": False})
    assert harmless.problems([answer], SLACK) == ["response_url: unfurl_media is not off"]
