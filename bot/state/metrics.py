"""What is counted, by all processes together: in Redis, from where any web process shows it."""

from contextlib import suppress
from typing import cast

from docket import Docket
from redis.exceptions import RedisError

from bot.state.engine import RedisSource

KEY = "metrics"
BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Upper bounds in seconds."""


class Metrics:
    """Counting never fails: what cannot be counted is not."""

    def __init__(self, docket: Docket) -> None:
        self._engine = cast(RedisSource, docket)

    async def count(self, name: str, by: int = 1, **labels: str) -> None:
        with suppress(RedisError):
            async with self._engine.redis() as redis:
                await redis.hincrby(KEY, _field(name, labels), by)

    async def observe(self, name: str, seconds: float) -> None:
        """One more in a histogram of durations."""
        bucket = next((str(bound) for bound in BUCKETS if seconds <= bound), "+Inf")
        await self.count(f"{name}_bucket", le=bucket)
        await self.count(f"{name}_milliseconds", int(seconds * 1000))

    async def counted(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], int]:
        """All counts, by name and labels. Raises RedisError."""
        async with self._engine.redis() as redis:
            found = await redis.hgetall(KEY)
        return {_parsed(field.decode()): int(value) for field, value in found.items()}


def _field(name: str, labels: dict[str, str]) -> str:
    return "|".join([name, *(f"{key}={labels[key]}" for key in sorted(labels))])


def _parsed(field: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    name, *labels = field.split("|")
    pairs = [label.partition("=") for label in labels]
    return name, tuple((key, value) for key, _, value in pairs)
