"""How many reads run at once, for an account and for a workspace."""

import asyncio

from bot.agent.limits import FOR_A_WORKSPACE, FOR_AN_ACCOUNT, Limits


async def most_at_once(who: list[str]) -> int:
    limits, running, most = Limits(), 0, 0

    async def read(identifier: str) -> None:
        nonlocal running, most
        async with limits.read(identifier, "workspace"):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*map(read, who))
    return most


async def test_one_account_has_its_share() -> None:
    assert await most_at_once(["maya"] * 50) == FOR_AN_ACCOUNT


async def test_a_workspace_has_its_bound() -> None:
    assert await most_at_once([f"user{number % 10}" for number in range(100)]) == FOR_A_WORKSPACE
