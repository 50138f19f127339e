"""The pages that a browser sees on its way through connecting. Each ends with a way on."""

import html
from typing import NamedTuple
from urllib.parse import quote

from starlette.responses import HTMLResponse

from bot.intercom.plain import plain

STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f6f5f2;color:#1d1c1d}
main{max-width:32rem;margin:12vh auto 0;padding:2rem;background:#fff;border-radius:12px;
box-shadow:0 1px 4px #0002}
h1{font-size:1.4rem;margin:.5rem 0}p{margin:.5rem 0;overflow-wrap:anywhere}
.on,.back,button{display:inline-block;box-sizing:border-box;margin:1rem .5rem 0 0;
padding:.6rem 1.1rem;border-radius:8px;border:1px solid #1f2a44;font:inherit;cursor:pointer;
text-decoration:none;background:none;color:#1f2a44}
.on,.back:only-of-type{background:#1f2a44;color:#fff}
form{margin:1.5rem 0 0;padding-top:.5rem;border-top:1px solid #0002}
button{border-color:#b3261e;color:#b3261e;margin-top:.5rem}
a:focus-visible,button:focus-visible{outline:3px solid #1264a3;outline-offset:2px}
@media(max-width:36rem){main{margin:0;border-radius:0;min-height:100vh}
main,.on,.back,button{box-sizing:border-box}
.on,.back,button{display:block;width:100%;text-align:center;margin-right:0}}
@media(prefers-color-scheme:dark){body{background:#111317;color:#e8e8e8}main{background:#1b1e24}
.back,.on{border-color:#7ab8f5;color:#7ab8f5}
.on,.back:only-of-type{background:#7ab8f5;color:#111317}
form{border-color:#fff3}button{border-color:#f2857d;color:#f2857d}}
"""
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action "
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY + "'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
IN_SLACK = "Type “/intercom connect” in Slack to get a new link."


NAME = 120
NAMELESS = "(no name)"


class WayOn(NamedTuple):
    """The button that leads on, in this browser."""

    label: str
    url: str


class Whose(NamedTuple):
    """The Intercom account that was connected."""

    name: str
    email: str
    workspace: str


def preview(status: int = 200) -> HTMLResponse:
    """For whoever only looks: link previews, scanners, prefetching."""
    words = "Open this link in your browser to connect Intercom."
    return _page("Connect Intercom", words, status=status)


def connected(team_id: str, whose: Whose | None, token: str) -> HTMLResponse:
    """In: whose Intercom it is, where Intercom told it; the token that takes it back."""
    if whose is None:
        words = "Your Intercom account is connected. Slack shows whose it is."
    else:
        name, email, workspace = (plain(value, NAME) for value in whose)
        email = f" ({email})" if email else ""
        words = f"Connected as {name or NAMELESS}{email} in {workspace or NAMELESS}."
    return _page(
        "You are connected",
        words,
        "What you asked goes on by itself. You can close this page.",
        team_id=team_id,
        form=_doubt("Is this somebody else's Intercom account? Disconnect it here.", token),
    )


def disconnected(team_id: str, way_on: WayOn) -> HTMLResponse:
    return _page(
        "Disconnected",
        "That Intercom account is disconnected, and its access is deleted. What waited or ran "
        "with it was ended.",
        "Before you connect again, sign in at Intercom with your own account.",
        team_id=team_id,
        way_on=way_on,
    )


def not_disconnected(team_id: str, token: str) -> HTMLResponse:
    return _page(
        "Still connected",
        "The service that keeps your Intercom connection does not answer, so it is still there.",
        "Try again here, or type “/intercom disconnect” in Slack.",
        team_id=team_id,
        status=503,
        form=_doubt("", token),
    )


def doubt_over() -> HTMLResponse:
    return _page(
        "Nothing was changed",
        "This page is too old, or that connection has ended already.",
        "Type “/intercom status” in Slack to see as whom you are connected, and “/intercom "
        "disconnect” to end it.",
        status=410,
    )


def somebody_else(way_on: WayOn) -> HTMLResponse:
    return _page(
        "This link is not yours",
        "You signed in to Slack as somebody else than this link was made for. Nothing was "
        "connected.",
        "If you have several Slack accounts, sign in again with the right one. Your own link is "
        "one “/intercom connect” in Slack away.",
        way_on=way_on,
        status=403,
    )


def other_browser(way_on: WayOn) -> HTMLResponse:
    return _page(
        "Continue in this browser",
        "This began in another browser, so nothing is connected yet. Phones do that when a link "
        "opens inside an app and comes back in the browser.",
        "If you began this yourself, continue here: you sign in with Slack once more. If somebody "
        "sent you here, close this page.",
        way_on=way_on,
        status=403,
    )


def repeated(way_on: WayOn) -> HTMLResponse:
    return _page(
        "This page was opened twice",
        "This step is good once, and it was taken before. Nothing was connected by this page.",
        "If it goes on in another tab, close this one.",
        way_on=way_on,
        status=409,
    )


def expired(way_on: WayOn | None = None) -> HTMLResponse:
    return _page(
        "This link has expired",
        "It is no longer good. Nothing was connected.",
        "" if way_on else IN_SLACK,
        way_on=way_on,
        status=410,
    )


def press_again(way_on: WayOn) -> HTMLResponse:
    """For a link of the release before this one."""
    return _page(
        "Press the button again",
        "The app was updated since you got this link, and connecting is safer now: you sign in "
        "with Slack first. Nothing was connected yet.",
        "Press here, and it begins again.",
        way_on=way_on,
        status=409,
    )


def used(team_id: str) -> HTMLResponse:
    return _page(
        "This link was used already",
        "A link is good for one connection. Nothing was connected this time.",
        IN_SLACK,
        team_id=team_id,
        status=410,
    )


def cancelled(what: str, team_id: str, way_on: WayOn) -> HTMLResponse:
    return _page("Nothing was connected", what, team_id=team_id, way_on=way_on, status=400)


def not_confirmed(what: str, team_id: str, way_on: WayOn) -> HTMLResponse:
    return _page("Nothing was connected", what, team_id=team_id, way_on=way_on, status=403)


def slack_has_a_problem(team_id: str, way_on: WayOn) -> HTMLResponse:
    return _page(
        "Slack has a problem",
        "Slack could not sign you in just now. Nothing was connected.",
        "Try again in a moment.",
        team_id=team_id,
        way_on=way_on,
        status=503,
    )


def set_up_wrong(team_id: str, way_on: WayOn) -> HTMLResponse:
    return _page(
        "Not set up yet",
        "Slack refuses this app's own settings, so nobody can sign in. Nothing was connected.",
        "Tell whoever runs the app: “bot doctor” says what to change.",
        team_id=team_id,
        way_on=way_on,
        status=503,
    )


def unavailable(team_id: str, way_on: WayOn) -> HTMLResponse:
    return _page(
        "Not connected yet",
        "The service that keeps Intercom connections does not answer right now.",
        "Wait a few minutes, then try again.",
        team_id=team_id,
        way_on=way_on,
        status=503,
    )


def _doubt(question: str, token: str) -> str:
    asked = f"<p>{html.escape(question)}</p>" if question else ""
    return (
        f'<form method="post" action="/connect/not-me">{asked}'
        f'<input type="hidden" name="token" value="{html.escape(token)}">'
        "<button>That&rsquo;s not me</button></form>"
    )


def _page(
    title: str,
    *sentences: str,
    team_id: str = "",
    way_on: WayOn | None = None,
    form: str = "",
    status: int = 200,
) -> HTMLResponse:
    """A plain page that ends with the way on, if there is one, and the way back into Slack."""
    paragraphs = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences if sentence)
    back = "slack://open" + (f"?team={quote(team_id)}" if team_id else "")
    on = (
        f'<a class="on" href="{html.escape(way_on.url)}">{html.escape(way_on.label)}</a>'
        if way_on
        else ""
    )
    headers = dict(HEADERS)
    if form:
        # With `no-referrer` the browser would not say where the form comes from.
        headers["Content-Security-Policy"] = POLICY + "'self'"
        headers["Referrer-Policy"] = "same-origin"
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{paragraphs}{on}"
        f'<a class="back" href="{back}">Back to Slack</a>{form}</main></body></html>',
        status_code=status,
        headers=headers,
    )
