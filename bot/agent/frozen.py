"""What stays the same for a conversation's life, as Claude's prefix must."""

from functools import lru_cache
from typing import NamedTuple

import structlog
from pydantic import ValidationError

from bot.agent.toolset import Toolset
from bot.agent.work import RunFailed
from bot.state.models import Conversation, Head
from bot.state.store import Store

log = structlog.get_logger()

KEPT_PARSED = 16


class Frozen(NamedTuple):
    """The system prompt, the tools, and the Intercom account that all of it is seen with."""

    system: str
    toolset: Toolset
    account: str


async def frozen(store: Store, conversation: Conversation) -> Frozen:
    """Raises RunFailed when it is not kept any more."""
    head = await store.head(conversation)
    tools = await frozen_tools(store, head) if head else None
    if head is None or tools is None:
        raise RunFailed("This conversation is too old to go on with. Start a new thread.")
    return Frozen(head.system, tools, head.account)


async def frozen_tools(store: Store, head: Head) -> Toolset | None:
    """The conversation's tools; None where they are not kept any more, or no longer parse."""
    tools = await store.toolset(head.toolset)
    try:
        return _parsed(tools) if tools else None
    except ValidationError:
        log.error("stored_value_unreadable", key=f"toolset:{head.toolset}", model="Toolset")
        return None


@lru_cache(KEPT_PARSED)
def _parsed(tools: str) -> Toolset:
    """A step needs its tools several times, and parsing hundreds of schemas takes a while."""
    return Toolset.model_validate_json(tools)
