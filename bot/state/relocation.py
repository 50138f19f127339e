"""Moving a conversation, with the run that is under way in it, to another Slack thread: all at once
and by the one who works on it."""

import time
from datetime import timedelta
from typing import cast

from docket import Docket

from bot.state.engine import RedisSource
from bot.state.models import Conversation, Run
from bot.state.store import Superseded

RELOCATE = """
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 0 end
local ttl = ARGV[2]
for _, name in ipairs({'head', 'size', 'stop'}) do
  local value = redis.call('HGET', KEYS[1], name)
  if value then redis.call('HSET', KEYS[2], name, value) end
end
redis.call('HSET', KEYS[2], 'known', '1')
redis.call('EXPIRE', KEYS[2], ttl)
redis.call('HDEL', KEYS[1], 'head', 'size', 'stop')
redis.call('SET', KEYS[4], ARGV[3], 'EX', ttl)
redis.call('DEL', KEYS[3])
if redis.call('EXISTS', KEYS[5]) == 1 then redis.call('RENAME', KEYS[5], KEYS[6]) end
if redis.call('EXISTS', KEYS[7]) == 1 then redis.call('RENAME', KEYS[7], KEYS[8]) end
redis.call('ZADD', KEYS[10], ARGV[5], ARGV[4])
redis.call('ZADD', KEYS[11], ARGV[5], ARGV[4])
redis.call('EXPIRE', KEYS[11], ttl)
if redis.call('LLEN', KEYS[9]) == 0 then redis.call('ZREM', KEYS[10], ARGV[6]) end
return 1
"""


class Relocation:
    """Raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket, ttl: timedelta) -> None:
        self._engine = cast(RedisSource, docket)
        self._ttl = int(ttl.total_seconds())

    async def move(
        self, here: Conversation, token: str, there: Conversation, run: Run, identifier: str
    ) -> None:
        """Let `run` go on `there`, with all that was said and decided. What is in the inbox stays
        `here`. Raises Superseded."""
        old, new = here.key, there.key
        keys = [
            f"conversation:{old}",
            f"conversation:{new}",
            f"run:{old}",
            f"run:{new}",
            f"messages:{old}",
            f"messages:{new}",
            f"decisions:{old}",
            f"decisions:{new}",
            f"inbox:{old}",
            "open",
            f"conversations:{identifier}",
        ]
        values = [token, self._ttl, run.model_dump_json(), new, int(time.time()), old]
        async with self._engine.redis() as redis:
            moved = await redis.eval(RELOCATE, len(keys), *keys, *map(str, values))
        if not moved:
            raise Superseded(old)
