"""The page's own small API, on loopback; `Serving` lets no other page's requests in."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.accounts.identity import SlackUser
from bot.sandbox.demo.state import conversation, state
from bot.sandbox.people import PEOPLE, Person
from bot.sandbox.provider import ProviderError
from bot.sandbox.sandbox import Sandbox

STATIC = str(files("bot.sandbox.demo") / "static")
PAUSE = 0.12
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class Act(BaseModel):
    """What somebody does on the page."""

    user: str
    channel: str = ""
    text: str = ""
    thread_ts: str | None = None
    ts: str = ""
    action_id: str = ""
    value: str | None = None
    view_id: str = ""
    values: dict[str, dict[str, Any]] = {}
    tab: str = "messages"


def make_app(sandbox: Sandbox) -> Starlette:
    page = Page(sandbox)
    acts: dict[str, Callable[[Act], object]] = {
        "post": page.post,
        "command": page.command,
        "click": page.click,
        "submit": page.submit,
        "close": page.close,
        "open-home": page.open_home,
        "stop": page.stop,
        "revoke": page.revoke,
    }
    return Starlette(
        routes=[
            Route("/", lambda request: FileResponse(f"{STATIC}/index.html", headers=HEADERS)),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/api/state", page.state),
            Route("/api/conversation", page.conversation),
            Route("/api/events", page.events),
            *(
                Route(f"/api/{name}", page.acting(act), methods=["POST"])
                for name, act in acts.items()
            ),
        ],
    )


class Page:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._slack = sandbox.slack
        self._people: dict[str, Person] = {p.slack_user_id: p for p in PEOPLE}

    async def state(self, request: Request) -> Response:
        person = self._people.get(request.query_params.get("user", ""), PEOPLE[0])
        return JSONResponse(await asyncio.to_thread(state, self._sandbox, person))

    async def conversation(self, request: Request) -> Response:
        try:
            return JSONResponse(conversation(self._sandbox, request.query_params.get("id", "")))
        except ProviderError as error:
            return JSONResponse({"error": error.message}, status_code=404)

    async def events(self, request: Request) -> Response:
        """A line whenever something has changed; the page then asks for the state."""
        changed, loop = asyncio.Event(), asyncio.get_running_loop()

        def notice() -> None:
            loop.call_soon_threadsafe(changed.set)

        stops = [
            source.subscribe(notice)
            for source in (self._sandbox.slack, self._sandbox.intercom, self._sandbox.scalekit)
        ]

        async def lines() -> AsyncIterator[str]:
            try:
                yield "data: hello\n\n"
                while True:
                    await changed.wait()
                    changed.clear()
                    yield f"data: {json.dumps('changed')}\n\n"
                    await asyncio.sleep(PAUSE)
            finally:
                for stop in stops:
                    stop()

        return StreamingResponse(lines(), media_type="text/event-stream", headers=HEADERS)

    def acting(self, act: Callable[[Act], object]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                await asyncio.to_thread(act, Act.model_validate_json(await request.body()))
            except ValidationError:
                return JSONResponse({"error": "The page sent something odd."}, status_code=400)
            except (LookupError, ValueError) as error:
                return JSONResponse({"error": f"Slack would not do that: {error}"}, status_code=409)
            return JSONResponse({"ok": True})

        return handle

    def post(self, act: Act) -> None:
        self._slack.post(act.user, act.channel, act.text, thread_ts=act.thread_ts)

    def command(self, act: Act) -> None:
        self._slack.command(act.user, act.channel, act.text)

    def click(self, act: Act) -> None:
        if act.view_id:
            self._slack.click_view(act.view_id, act.action_id, value=act.value)
        elif act.ts:
            self._slack.click(act.user, act.channel, act.ts, act.action_id, value=act.value)
        else:
            self._slack.click_home(act.user, act.action_id, value=act.value)

    def submit(self, act: Act) -> None:
        self._slack.submit_view(act.user, act.view_id, act.values)

    def close(self, act: Act) -> None:
        self._slack.close_view(act.user, act.view_id)

    def open_home(self, act: Act) -> None:
        self._slack.open_home(act.user, act.tab)

    def stop(self, act: Act) -> None:
        self._slack.press_stop(act.user, act.channel, act.ts)

    def revoke(self, act: Act) -> None:
        """Somebody takes the app's access back at Intercom, and Scalekit notices."""
        person = self._people[act.user]
        user = SlackUser(person.slack_team_id, person.slack_user_id)
        self._sandbox.scalekit.set_status(user.identifier, "EXPIRED")
