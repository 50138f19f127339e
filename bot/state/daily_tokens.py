"""What a teammate has spent of a day's tokens, and what calls that are under way hold of it.

A call reserves before it is made and is settled when it is over, both at once for all processes, so
that runs side by side cannot spend the same tokens twice. What a crashed worker held is free again
when its run goes on, or else after a while.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

from docket import Docket

from bot.state.engine import RedisSource

# A day that is over is replaced by the next. Of the same run only one call is under way: what it
# held before is what a crash left.
RESERVE = """
local now, ends = tonumber(ARGV[1]), tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if ends <= now then
  ends = tonumber(ARGV[2])
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'until', ARGV[2], 'spent', '0')
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
local taken = tonumber(redis.call('HGET', KEYS[1], 'spent'))
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '+inf')) do
  if string.find(member, ARGV[3] .. '|', 1, true) == 1 then
    redis.call('ZREM', KEYS[2], member)
  else
    taken = taken + tonumber(string.match(member, '|(%d+)$'))
  end
end
local fits = taken + tonumber(ARGV[5]) <= tonumber(ARGV[6])
if fits then redis.call('ZADD', KEYS[2], ARGV[7], ARGV[3] .. '|' .. ARGV[4] .. '|' .. ARGV[5]) end
redis.call('EXPIRE', KEYS[1], ends - now + 60)
redis.call('EXPIRE', KEYS[2], ends - now + 60)
return {fits and '1' or '0', tostring(ends)}
"""

# What is not held any more was settled before, or belongs to a day that is over.
SETTLE = """
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[2], 'spent', ARGV[2])
return 1
"""


class DaySpent(Exception):
    """What is left of the day's tokens is not enough for this call. `until`: when a new day begins
    for this teammate."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class Reservation(NamedTuple):
    identifier: str
    member: str


class DailyTokens:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket, tokens_per_day: int) -> None:
        self._engine = cast(RedisSource, docket)
        self._tokens_per_day = tokens_per_day

    async def reserve(
        self,
        identifier: str,
        run: str,
        tokens: int,
        *,
        now: datetime,
        day_ends: datetime,
        hold: timedelta,
    ) -> Reservation:
        """Put tokens aside for one call of this teammate's.

        Args:
            run: the run that makes the call, which makes one at a time.
            day_ends: when the day ends for this teammate. The day that has begun stays as long as
                it was when it began: nobody gets a new one by changing time zones.
            hold: how long they are put aside at most.

        Raises:
            DaySpent: there are not that many left today.
        """
        nonce = secrets.token_hex(4)
        async with self._engine.redis() as redis:
            fits, ends = await redis.eval(
                RESERVE,
                2,
                *_keys(identifier),
                str(int(now.timestamp())),
                str(int(day_ends.timestamp())),
                run,
                nonce,
                str(tokens),
                str(self._tokens_per_day),
                str(int((now + hold).timestamp())),
            )
        if fits != b"1":
            raise DaySpent(datetime.fromtimestamp(int(ends), UTC))
        return Reservation(identifier, f"{run}|{nonce}|{tokens}")

    async def settle(self, reservation: Reservation, tokens: int) -> None:
        """The call is over: what it really cost is spent, once, and the rest is free again."""
        day, held = _keys(reservation.identifier)
        async with self._engine.redis() as redis:
            await redis.eval(SETTLE, 2, held, day, reservation.member, str(tokens))


def _keys(identifier: str) -> tuple[str, str]:
    return f"tokens:{identifier}", f"tokens-held:{identifier}"
