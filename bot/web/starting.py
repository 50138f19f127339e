"""Web until Redis is there: alive, not ready, and it says why; or it stops at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.state.reachable import RedisUnusable, find_problem, say_that_it_waits, wait_for_redis


class Starting:
    """Opens everything that needs Redis once it takes us, and closes it at the end.

    Until then whoever brings something gets a 503 and comes again, as Slack and Scalekit do.
    """

    def __init__(
        self, redis_url: str, open_routes: Callable[[], AbstractAsyncContextManager[list[Route]]]
    ) -> None:
        """`open_routes`: what is served as long as its context is open."""
        self._redis_url = redis_url
        self._open_routes = open_routes
        self._why = ""
        self._opened, self._waiting, self._ending = (asyncio.Event() for _ in range(3))
        self.failed = asyncio.Event()
        self.error: Exception | None = None
        """Why the server cannot go on, once `failed` is set."""

    async def refuse_at_once(self) -> None:
        """Raises RedisUnusable where waiting does not help."""
        problem = await find_problem(self._redis_url)
        if problem and not problem.passes:
            raise RedisUnusable(self._redis_url, problem)

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self._healthz),
            Route("/{path:path}", self._not_yet, methods=["GET", "POST", "HEAD"]),
        ]

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """The server takes connections once everything is open, or Redis has to be waited for."""
        serving = asyncio.create_task(self._serve(app))
        known = [asyncio.create_task(e.wait()) for e in (self._opened, self._waiting)]
        await asyncio.wait([serving, *known], return_when=asyncio.FIRST_COMPLETED)
        for waiter in known:
            waiter.cancel()
        yield
        self._ending.set()
        if not self._opened.is_set():
            serving.cancel()
        await asyncio.wait([serving])

    async def _serve(self, app: Starlette) -> None:
        try:
            await wait_for_redis(self._redis_url, self._say)
            async with self._open_routes() as routes:
                app.router.routes[:] = routes
                self._opened.set()
                await self._ending.wait()
        except Exception as error:
            self.error = error
            self.failed.set()

    def _say(self, error: RedisUnusable) -> None:
        say_that_it_waits(error)
        self._why = error.problem.why
        self._waiting.set()

    async def _healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    async def _not_yet(self, request: Request) -> Response:
        return JSONResponse({"ready": False, "redis": self._why}, status_code=503)
