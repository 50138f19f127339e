"""Intercom's rate limit, kept by all runs of one workspace together: when it answers 429 to one of
them, all of them pause, and come back spread out."""

import asyncio
import random
import time
from typing import cast

from docket import Docket

from bot.state.engine import RedisSource

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 20.0
"""Seconds. Intercom's limits are spread over windows of ten."""
CALM = 60
"""Seconds without a 429 after which the next one counts as the first."""


class Pacing:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket) -> None:
        self._engine = cast(RedisSource, docket)

    async def wait(self, workspace: str) -> None:
        """Return once calls for this workspace may go out."""
        while True:
            async with self._engine.redis() as redis:
                until = float(await redis.get(f"pause:{workspace}") or 0)
            left = until - time.time()
            if left <= 0:
                return
            await asyncio.sleep(left + random.uniform(0, 0.5 + left / 4))  # noqa: S311

    async def limited(self, workspace: str) -> None:
        """Intercom answered 429: everybody pauses, longer each time in a row."""
        async with self._engine.redis() as redis:
            times = await redis.hincrby("limited", workspace, 1)
            pause = min(FIRST_PAUSE * 2 ** (int(times) - 1), LONGEST_PAUSE)
            await redis.set(f"pause:{workspace}", str(time.time() + pause), ex=CALM)

    async def calm(self, workspace: str) -> None:
        """A call went through."""
        async with self._engine.redis() as redis:
            if not await redis.exists(f"pause:{workspace}"):
                await redis.hdel("limited", workspace)
