"""What may be taken a single time."""

from datetime import timedelta

import pytest
from docket import Docket

from bot.state.once import AlreadyTaken, Once, Unknown

MINUTE = timedelta(minutes=1)


async def test_looking_takes_nothing(docket: Docket) -> None:
    once = Once(docket)
    await once.save("k", "v", MINUTE)
    assert [await once.look("k"), await once.look("k"), await once.take("k")] == ["v", "v", "v"]
    for again in (once.look, once.take):
        with pytest.raises(AlreadyTaken) as taken:
            await again("k")
        assert taken.value.value == "v"


async def test_what_was_used_up_is_taken_even_if_its_time_was_over(docket: Docket) -> None:
    once = Once(docket)
    with pytest.raises(Unknown):
        await once.look("k")
    await once.use_up("k", "v")
    with pytest.raises(AlreadyTaken):
        await once.take("k")


async def test_what_strangers_bring_is_known_again_and_never_piles_up(docket: Docket) -> None:
    once = Once(docket)
    assert await once.is_first("list", "a", MINUTE, 3)
    assert not await once.is_first("list", "a", MINUTE, 3)
    for item in "bcdefg":
        assert await once.is_first("list", item, MINUTE, 3)
    async with docket.redis() as redis:
        assert await redis.zcard("list") == 3
        assert 0 < await redis.ttl("list") <= 60
    assert not await once.is_first("list", "g", MINUTE, 3)
