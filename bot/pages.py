"""The pages that a browser sees on its way through connecting."""

import html
from urllib.parse import quote

from starlette.responses import HTMLResponse

STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f6f5f2;color:#1d1c1d}
main{max-width:32rem;margin:12vh auto 0;padding:2rem;background:#fff;border-radius:12px;
box-shadow:0 1px 4px #0002}
h1{font-size:1.4rem;margin:.5rem 0}p{margin:.5rem 0}
code{background:#0001;border-radius:4px;padding:.1em .3em}
a{color:#1264a3}
.back{display:inline-block;margin-top:1rem;padding:.6rem 1.1rem;border-radius:8px;
background:#1f2a44;color:#fff;text-decoration:none}
a:focus-visible{outline:3px solid #1264a3;outline-offset:2px}
@media(max-width:36rem){main{margin:0;border-radius:0;min-height:100vh;box-sizing:border-box}
.back{display:block;text-align:center}}
@media(prefers-color-scheme:dark){body{background:#111317;color:#e8e8e8}main{background:#1b1e24}
a{color:#7ab8f5}.back{background:#7ab8f5;color:#111317}code{background:#fff2}}
"""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
AGAIN = "Type “/intercom connect” in Slack to get a new link."


def connected(team_id: str) -> HTMLResponse:
    return _page(
        "You are connected",
        "Your Intercom account is connected to your Slack account.",
        "What you asked goes on by itself; you can close this page.",
        team_id=team_id,
    )


def somebody_else() -> HTMLResponse:
    return _page(
        "This link is not yours",
        "This link was made for somebody else, and nothing was connected.",
        "Your own link is one “/intercom connect” in Slack away.",
        status=403,
    )


def expired() -> HTMLResponse:
    return _page(
        "This link has expired",
        "It is no longer good. Nothing was connected.",
        AGAIN,
        status=410,
    )


def used(team_id: str) -> HTMLResponse:
    return _page(
        "This link was used already",
        "A link is good once. Nothing was connected this time.",
        AGAIN,
        team_id=team_id,
        status=410,
    )


def cancelled(what: str, team_id: str) -> HTMLResponse:
    return _page("Nothing was connected", what, AGAIN, team_id=team_id, status=400)


def not_confirmed(what: str, team_id: str) -> HTMLResponse:
    return _page("Nothing was connected", what, AGAIN, team_id=team_id, status=403)


def unavailable(team_id: str) -> HTMLResponse:
    return _page(
        "Not connected yet",
        "A service that is needed for it does not answer right now.",
        "Wait a few minutes. " + AGAIN,
        team_id=team_id,
        status=503,
    )


def _page(title: str, *sentences: str, team_id: str = "", status: int = 200) -> HTMLResponse:
    """A plain page that ends with the way back into Slack."""
    paragraphs = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    back = "slack://open" + (f"?team={quote(team_id)}" if team_id else "")
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{paragraphs}"
        f'<a class="back" href="{back}">Back to Slack</a></main></body></html>',
        status_code=status,
        headers=HEADERS,
    )
