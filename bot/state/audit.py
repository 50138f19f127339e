"""The audit: who did what with which account. A Redis stream with an age limit."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from docket import Docket
from pydantic import Field

from bot.base_model import BaseModel
from bot.state.engine import RedisSource
from bot.state.reading import parsed

STREAM = "audit"

What = Literal["connected", "connection_refused", "disconnected", "left", "write"]


class AuditEntry(BaseModel):
    """One thing that happened. Texts are for people to read; no secret is ever in them."""

    what: What
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    identifier: str
    team_id: str
    user_id: str
    why: str = ""
    run: str = ""
    call_id: str = ""
    channel_id: str = ""
    thread_ts: str = ""
    account: str = ""
    admin: str = ""
    """As whom it was signed in Intercom."""
    tool: str = ""
    input_hash: str = ""
    readable: str = ""
    decision: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    edited: dict[str, str] = {}
    outcome: str = ""


class Audit:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket, kept: timedelta) -> None:
        self._engine = cast(RedisSource, docket)
        self._kept = kept

    async def record(self, entry: AuditEntry) -> None:
        async with self._engine.redis() as redis:
            await redis.xadd(STREAM, {"entry": entry.model_dump_json()})

    async def since(self, when: datetime, identifier: str | None = None) -> list[AuditEntry]:
        """What happened since then, the oldest first; of everybody, or of one."""
        first = max(int(when.timestamp() * 1000), self._oldest())
        async with self._engine.redis() as redis:
            found: list[Any] = await redis.xrange(STREAM, min=f"{first}-0", max="+")
        entries = [parsed(AuditEntry, fields[b"entry"], STREAM) for _, fields in found]
        return [entry for entry in entries if entry and identifier in (None, entry.identifier)]

    async def trim(self) -> None:
        """Drop what is older than the limit."""
        async with self._engine.redis() as redis:
            await redis.xtrim(STREAM, minid=f"{self._oldest()}-0", approximate=False)

    def _oldest(self) -> int:
        return int((time.time() - self._kept.total_seconds()) * 1000)
