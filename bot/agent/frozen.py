"""What stays the same for a conversation's life, as Claude's prefix must."""

from functools import lru_cache
from typing import NamedTuple

from bot.agent.toolset import Toolset
from bot.agent.work import RunFailed
from bot.state.models import Conversation
from bot.state.store import Store

KEPT_PARSED = 16


class Frozen(NamedTuple):
    """The system prompt, the tools, and the Intercom account that all of it is seen with."""

    system: str
    toolset: Toolset
    account: str


async def frozen(store: Store, conversation: Conversation) -> Frozen:
    """Raises RunFailed when it is not kept any more."""
    head = await store.head(conversation)
    tools = await store.toolset(head.toolset) if head else None
    if head is None or tools is None:
        raise RunFailed("This conversation is too old to go on with. Start a new thread.")
    return Frozen(head.system, _parsed(tools), head.account)


@lru_cache(KEPT_PARSED)
def _parsed(tools: str) -> Toolset:
    """A step needs its tools several times, and parsing hundreds of schemas takes a while."""
    return Toolset.model_validate_json(tools)
