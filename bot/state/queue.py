"""What web and worker ask the task engine to do next, by the jobs' names."""

import secrets
from datetime import datetime

from docket import Docket

from bot.state.models import Command, Conversation, Owner, PendingConnection, Press, Request


class Queue:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached.

    A job for a conversation means "take the next step there": it is harmless when there is
    nothing to do, so enqueueing once too often costs nothing and never loses a request.
    """

    def __init__(self, docket: Docket) -> None:
        self._docket = docket

    async def advance(
        self, conversation: Conversation, cause: str = "", when: datetime | None = None
    ) -> None:
        """`cause` names what the step is for; the same one is not enqueued twice at a time.
        `when`: not before; None: now."""
        key = f"advance:{conversation.key}:{cause or secrets.token_hex(8)}"
        await self._docket.add("advance", when=when, key=key)(conversation.key)

    async def take_message(self, place: str, incoming: str) -> None:
        """`incoming`: a message as JSON, for which Slack has to be asked who the bot is."""
        await self._docket.add("take_message", key=f"message:{place}")(incoming)

    async def explain_stop(self, event_id: str, conversation: Conversation) -> None:
        """Somebody pressed Stop in a thread in which nothing of theirs runs."""
        add = self._docket.add("explain_stop", key=f"not-stopped:{event_id}")
        await add(conversation.key)

    async def answer_privately(self, request: Request, seen: list[str]) -> None:
        """One after the other for each thread: they share a private one."""
        key = f"private:{request.channel_id}:{request.ts}"
        add = self._docket.add("answer_privately", key=key)
        await add(request.conversation.key, request.model_dump_json(), seen)

    async def answer_command(self, command: Command) -> None:
        add = self._docket.add("answer_command", key=f"command:{command.id}")
        await add(command.model_dump_json())

    async def publish_home(self, identifier: str, owner: Owner) -> None:
        """Show App Home anew; for one teammate, one after the other."""
        add = self._docket.add("publish_home", key=f"home:{secrets.token_hex(8)}")
        await add(identifier, owner.model_dump_json())

    async def turn_away(
        self,
        event_id: str,
        channel_id: str,
        user_id: str,
        words: str,
        thread_ts: str | None = None,
    ) -> None:
        add = self._docket.add("turn_away", key=f"stranger:{event_id}")
        await add(channel_id, user_id, words, thread_ts)

    async def refused(self, pending: PendingConnection, warning: str) -> None:
        add = self._docket.add("refused", key=f"refused:{secrets.token_hex(8)}")
        await add(pending.model_dump_json(), warning)

    async def press(self, press: Press) -> None:
        add = self._docket.add("press", key=f"press:{press.id}")
        await add(press.model_dump_json())

    async def account_changed(self, event_id: str, identifier: str) -> None:
        add = self._docket.add("account_changed", key=f"account:{event_id}")
        await add(identifier)

    async def left(
        self, identifier: str, owner: Owner, *, once_more: datetime | None = None
    ) -> None:
        """`once_more`: when to look again for what a step that was under way may have left."""
        key = f"left:{identifier}:{'again' if once_more else 'now'}"
        add = self._docket.add("left", when=once_more, key=key)
        await add(identifier, owner.model_dump_json(), once_more is not None)

    async def uninstalled(self, event_id: str, team_id: str) -> None:
        add = self._docket.add("uninstalled", key=f"uninstalled:{event_id}")
        await add(team_id)

    async def connected(self, pending: PendingConnection) -> None:
        add = self._docket.add("connected", key=f"connected:{secrets.token_hex(8)}")
        await add(pending.model_dump_json())
