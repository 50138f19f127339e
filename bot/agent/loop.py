"""The agent's loop: one step of a run is one turn of Claude's with its tools.

A step starts from what is saved and saves what it did, so that any worker can take the next.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import AccountsUnavailable, Scalekit
from bot.accounts.teammates import NotConnected, NotPermitted, Teammates
from bot.agent.claude import Claude, ClaudeUnavailable, CutOff, Ending, Turn
from bot.agent.prompt import news, system_prompt
from bot.agent.tools import Tools, leave_open
from bot.agent.toolset import Toolset
from bot.agent.work import Next, Thread, Work
from bot.intercom.areas import permission_for
from bot.intercom.links import conversation_link
from bot.settings import Settings
from bot.state.models import Head, Run, ToolCall

log = structlog.get_logger()

TURNS_AT_MOST = 30
STREAM_ATTEMPTS = 3
WATCH_SECONDS = 0.5

NOTHING_ASKED = (
    "Tell me what you need from Intercom, for example:\n"
    "- *What's open and unassigned?*\n"
    "- *Find Priya's last conversation and summarize it*\n"
    "- *Add a note to conversation 215470 that we refunded the invoice*"
)

_ENDINGS_IN_WORDS: dict[Ending, str] = {
    "answer": "I have nothing to add to that.",
    "too_long": "\n\n_My answer got too long and is cut off here. Say “go on” for the rest._",
    "refused": "Claude declined to answer this, and nothing more was done. Ask in other words, or "
    "do it in Intercom.",
    "context_full": "\n\nThis thread has grown too long for me to read in one go. Start a new one "
    "and tell me what still matters.",
}


class RunFailed(Exception):
    """The run cannot go on. The text is a sentence for the teammate."""


class Agent:
    def __init__(
        self, settings: Settings, scalekit: Scalekit, teammates: Teammates, claude: Claude
    ) -> None:
        self._settings = settings
        self._scalekit = scalekit
        self._teammates = teammates
        self._claude = claude

    async def step(self, work: Work, thread: Thread, time_zone: str) -> Next:
        """Take the run one step further.

        Raises RunFailed, Superseded, Stopped, or RedisError.
        """
        run = work.run
        await work.check()
        try:
            if run.phase in ("new", "waiting_for_connection"):
                if not run.request.text.strip():
                    thread.say(NOTHING_ASKED)
                    return await self._answered(work, thread, [])
                await self._begin(work, thread, time_zone)
            if run.phase == "ending":
                return Next.ENDED
            if not run.calls:
                turn = await self._turn(work, thread)
                if turn.ending == "pause":
                    run.attempts = 0
                    await self._keep(work, thread, messages=[_assistant(turn)])
                    return Next.CONTINUE
                if turn.ending != "tools":
                    return await self._answered(work, thread, _last_words(turn, thread))
                await self._ask_for_tools(work, thread, turn)
            await self._run_tools(work, thread)
        except NotConnected as error:
            if error.lost:
                await self._teammates.forget(_identifier(run))
            run.phase, run.lost_connection = "waiting_for_connection", error.lost
            await work.save()
            return Next.CONNECT
        except NotPermitted as error:
            permission = permission_for(error.tool_name, is_read=True)
            raise RunFailed(
                f"The permission “{permission}” is missing for this app in Intercom's Developer "
                "Hub. An operator has to tick it there; connecting again would not help."
            ) from error
        except AccountsUnavailable as error:
            log.warning("accounts_unavailable", why=str(error))
            raise RunFailed(
                "The service that keeps your Intercom connection does not answer right now. "
                "Try again in a few minutes."
            ) from error
        except ClaudeUnavailable as error:
            raise RunFailed(str(error)) from error
        return Next.CONTINUE

    async def break_off(self, work: Work, thread: Thread, words: str, *, taken: int = 0) -> None:
        """End a run that was stopped or cannot go on, with `words` for the teammate. Claude's
        calls get their answers and the turn its end, so that the conversation can go on later.
        `taken`: how many requests of the inbox end with it."""
        run = work.run
        for call in run.calls:
            leave_open(call)
            thread.show(call)
        thread.say(words)
        answers = [_answer(call) for call in run.calls]
        run.ended_calls += [call.model_copy(update={"result": ""}) for call in run.calls]
        run.calls = []
        messages = [{"role": "user", "content": answers}] if answers else []
        if run.request.text.strip():
            messages.append(_spoken(words))
        await self._answered(work, thread, messages, taken=taken)

    async def _begin(self, work: Work, thread: Thread, time_zone: str) -> None:
        """Make sure of the account; freeze what stays the same for this conversation."""
        identifier = _identifier(work.run)
        teammate = await self._teammates.connected(identifier)
        work.run.waiting_since = None
        head = await work.store.head(work.conversation)
        if head and head.account != teammate.account:
            await self._forget_other_account(work, thread)
            head = None
        if head is None:
            toolset = Toolset.of(await self._teammates.tools(identifier))
            if not toolset.tools:
                raise RunFailed(
                    "Your Intercom connection offers no tools. An operator has to check the "
                    "connection's permissions in Intercom's Developer Hub."
                )
            link = conversation_link("ID", self._settings.intercom_region)
            head = Head(
                system=system_prompt(teammate, link),
                account=teammate.account,
                toolset=await work.store.save_toolset(toolset.model_dump_json()),
            )
            await work.store.save_head(work.conversation, head)
        work.run.phase = "turn"
        if work.run.calls:
            await work.save()
            return
        today = news(datetime.now(UTC), time_zone)
        await work.save(messages=[{"role": "system", "content": today}])

    async def _forget_other_account(self, work: Work, thread: Thread) -> None:
        """The teammate has connected another Intercom account meanwhile: what was seen and asked
        for with the former one is not for this one. The request begins anew."""
        run = work.run
        for call in run.calls:
            leave_open(call)
            thread.show(call)
        run.ended_calls += [call.model_copy(update={"result": ""}) for call in run.calls]
        run.calls = []
        said = "\n\n".join([run.request.text, *run.heard]).strip()
        await work.save(afresh=True, messages=[{"role": "user", "content": said}])

    async def _turn(self, work: Work, thread: Thread) -> Turn:
        if work.run.turn >= TURNS_AT_MOST:
            raise RunFailed(f"I stopped after {TURNS_AT_MOST} turns without an end in sight.")
        system, toolset = await self._frozen(work)
        messages = [json.loads(message) for message in await work.store.messages(work.conversation)]

        async def on_text(text: str) -> None:
            thread.say(text)

        for attempt in range(1, STREAM_ATTEMPTS + 1):
            try:
                async with _watched(work):
                    turn = await self._claude.turn(system, toolset.params(), messages, on_text)
                break
            except CutOff as error:
                log.warning("claude_cut_off", why=str(error), attempt=attempt)
                if attempt == STREAM_ATTEMPTS:
                    raise RunFailed(
                        "The connection to Claude broke off several times. Try again in a minute."
                    ) from error
                thread.say("\n\n_The connection broke off; starting this part again._\n\n")
        thread.say("\n\n")
        return turn

    async def _ask_for_tools(self, work: Work, thread: Thread, turn: Turn) -> None:
        _, toolset = await self._frozen(work)
        work.run.calls = [Tools.asked_for(use, toolset) for use in turn.tool_uses]
        for call in work.run.calls:
            thread.show(call)
        await self._keep(work, thread, messages=[_assistant(turn)])

    async def _run_tools(self, work: Work, thread: Thread) -> None:
        run = work.run
        identifier = _identifier(run)
        _, toolset = await self._frozen(work)
        tools = Tools(
            self._settings,
            self._scalekit,
            identifier,
            await self._teammates.connected(identifier),
            toolset,
        )

        async def changed(call: ToolCall) -> None:
            thread.show(call)
            await work.save()

        await tools.run(run.calls, check=work.check, changed=changed)
        joined = await work.store.inbox(work.conversation)
        answers = [_answer(call) for call in run.calls]
        texts = [{"type": "text", "text": item.text} for item in joined if item.text.strip()]
        run.ended_calls += [call.model_copy(update={"result": ""}) for call in run.calls]
        run.calls = []
        run.turn += 1
        run.attempts = 0
        run.heard += [item.text for item in joined if item.text.strip()]
        await self._keep(
            work,
            thread,
            taken=len(joined),
            messages=[{"role": "user", "content": [*answers, *texts]}],
        )

    async def _answered(
        self, work: Work, thread: Thread, messages: list[dict[str, Any]], *, taken: int = 0
    ) -> Next:
        work.run.phase = "ending"
        await self._keep(work, thread, messages=messages, taken=taken)
        return Next.ENDED

    async def _keep(
        self, work: Work, thread: Thread, *, messages: list[dict[str, Any]], taken: int = 0
    ) -> None:
        """Save a step that is over, together with what the thread shows of it."""
        await thread.flush()
        thread.keep()
        work.run.stream = thread.stream
        await work.save(messages=messages, taken=taken)

    async def _frozen(self, work: Work) -> tuple[str, Toolset]:
        head = await work.store.head(work.conversation)
        tools = await work.store.toolset(head.toolset) if head else None
        if head is None or tools is None:
            raise RunFailed("This conversation is too old to go on with. Start a new thread.")
        return head.system, Toolset.model_validate_json(tools)


@asynccontextmanager
async def _watched(work: Work) -> AsyncIterator[None]:
    """Break off what runs inside as soon as the run is stopped or taken over."""
    task = asyncio.current_task()
    assert task is not None
    reason: list[Exception] = []

    async def watch() -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await work.check()
            except Exception as error:
                reason.append(error)
                task.cancel()
                return

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if not reason:
            raise
        task.uncancel()
        raise reason[0] from None
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher


def _identifier(run: Run) -> str:
    return SlackUser.of(run.request).identifier


def _answer(call: ToolCall) -> dict[str, Any]:
    return {
        "type": "tool_result",
        "tool_use_id": call.id,
        "content": call.result,
        "is_error": call.state != "done",
    }


def _assistant(turn: Turn) -> dict[str, Any]:
    return {"role": "assistant", "content": turn.content}


def _spoken(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": text.strip()}]}


def _last_words(turn: Turn, thread: Thread) -> list[dict[str, Any]]:
    """Say what is special about how the last turn ended. Out: what the history keeps of it,
    which always is an answer of Claude's: the next question has to follow one."""
    if turn.ending == "answer" and turn.text.strip():
        return [_assistant(turn)]
    words = _ENDINGS_IN_WORDS[turn.ending]
    thread.say(words)
    if turn.ending == "too_long" and turn.text.strip():
        spoken = [block for block in turn.content if block["type"] != "tool_use"]
        return [{"role": "assistant", "content": spoken}]
    return [_spoken(words)]
