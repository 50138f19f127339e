"""The pages that a browser sees on its way through connecting."""

import html

from starlette.responses import HTMLResponse

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f6f5f2;color:#1d1c1d}
main{max-width:32rem;margin:12vh auto 0;padding:2rem;background:#fff;border-radius:12px;
box-shadow:0 1px 4px #0002}
h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:.5rem 0}a{color:#1264a3}
@media(max-width:36rem){main{margin:0;border-radius:0;min-height:100vh;box-sizing:border-box}}
"""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(title: str, sentences: list[str], *, team_id: str = "", status: int = 200) -> HTMLResponse:
    """A plain page that ends with the way back into Slack."""
    paragraphs = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    back = "slack://open" + (f"?team={html.escape(team_id)}" if team_id else "")
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>"
        f'<body><main><h1>{html.escape(title)}</h1>{paragraphs}<p><a href="{back}">'
        f"Back to Slack</a></p></main></body></html>",
        status_code=status,
        headers=HEADERS,
    )
