"""Pauses that all runs keep together: where Intercom answers 429 to one run of a workspace, or
Claude asks one to wait, all of them pause, and come back spread out."""

import asyncio
import random
import time
from typing import cast

from docket import Docket

from bot.state.engine import RedisSource

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 10.0
"""Seconds: Intercom's limits are spread over windows of ten."""


class Pacing:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket) -> None:
        self._engine = cast(RedisSource, docket)

    async def wait(self, workspace: str) -> None:
        """Return once calls for this workspace may go out."""
        while True:
            left = await self.left(workspace)
            if not left:
                return
            await asyncio.sleep(left + random.uniform(0, 0.5 + left / 4))  # noqa: S311

    async def left(self, name: str) -> float:
        """Seconds until calls may go out; 0: now."""
        async with self._engine.redis() as redis:
            until = float(await redis.get(f"pause:{name}") or 0)
        return max(0.0, until - time.time())

    async def pause(self, name: str, seconds: float) -> None:
        """It was asked for so long a pause."""
        async with self._engine.redis() as redis:
            until = str(time.time() + seconds)
            await redis.set(f"pause:{name}", until, px=int(seconds * 1000) + 1)

    async def limited(self, workspace: str) -> None:
        """Intercom answered 429: everybody pauses, longer each time in a row. Calls that were under
        way when a pause began do not make it longer."""
        if await self.left(workspace):
            return
        async with self._engine.redis() as redis:
            times = int(await redis.hincrby("limited", workspace, 1))
        await self.pause(workspace, min(FIRST_PAUSE * 2.0 ** min(times - 1, 10), LONGEST_PAUSE))

    async def calm(self, workspace: str) -> None:
        """A call went through: the next 429 counts as the first in a row."""
        async with self._engine.redis() as redis:
            if not await redis.exists(f"pause:{workspace}"):
                await redis.hdel("limited", workspace)
