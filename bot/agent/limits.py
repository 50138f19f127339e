"""How many reads run side by side in one worker: for one account, and for one workspace."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

FOR_AN_ACCOUNT = 6
FOR_A_WORKSPACE = 20


class Limits:
    def __init__(self) -> None:
        self._accounts: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(FOR_AN_ACCOUNT)
        )
        self._workspaces: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(FOR_A_WORKSPACE)
        )

    @asynccontextmanager
    async def read(self, identifier: str, workspace: str) -> AsyncIterator[None]:
        """Waits for its turn."""
        async with self._accounts[identifier], self._workspaces[workspace]:
            yield
