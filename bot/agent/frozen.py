"""What stays the same for a conversation's life, as Claude's prefix must."""

from typing import NamedTuple

from bot.agent.toolset import Toolset
from bot.agent.work import RunFailed, Work


class Frozen(NamedTuple):
    """The system prompt, the tools, and the Intercom account that all of it is seen with."""

    system: str
    toolset: Toolset
    account: str


async def frozen(work: Work) -> Frozen:
    """Raises RunFailed when it is not kept any more."""
    head = await work.store.head(work.conversation)
    tools = await work.store.toolset(head.toolset) if head else None
    if head is None or tools is None:
        raise RunFailed("This conversation is too old to go on with. Start a new thread.")
    return Frozen(head.system, Toolset.model_validate_json(tools), head.account)
