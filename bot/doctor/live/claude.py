"""Claude: one turn that has to search for its tool, and the replay of it."""

from typing import Any

from bot.agent.claude import Claude, Turn
from bot.agent.toolset import Toolset
from bot.doctor.live.report import Report
from bot.settings import Settings

SYSTEM = (
    "You take part in a technical check. Think briefly, say in one short sentence what you are "
    "about to do, and then do exactly what is asked."
)
ASKED = "Search for the tool that lists subscription types, and call it once."
TOOL = "intercom_list_subscription_types"
ANSWER = '{"source": "a technical check", "result": {"type": "list", "data": []}}'
ROOM = "This paragraph only makes the prompt long enough to be cached. " * 120
"""The cheaper models cache no prompt of under 4,096 tokens."""


async def try_claude(report: Report, settings: Settings, toolset: Toolset) -> None:
    """A turn with tool search, thinking and caching, then its replay with the tool's result.

    Args:
        report: Where it is noted.
        settings: With the key and the model.
        toolset: The operator's tools, as a conversation would have them.
    """
    claude = Claude(settings)
    tools = toolset.params()
    messages: list[dict[str, Any]] = [{"role": "user", "content": ASKED}]
    try:
        turn = await report.attempt(
            "Claude", "a turn with tool search", _turn(claude, tools, messages)
        )
        if turn is None:
            return
        _look(report, turn)
        messages.append({"role": "assistant", "content": turn.content})
        results = [
            {"type": "tool_result", "tool_use_id": use.id, "content": ANSWER}
            for use in turn.tool_uses
        ]
        messages.append({"role": "user", "content": results or "Thank you. Say goodbye."})
        again = await report.attempt("Claude", "its replay", _turn(claude, tools, messages))
        if again is not None:
            read = again.tokens_by_kind.get("cache_read", 0)
            report.expect(
                "Claude", "reading from the cache", holds=read > 0, otherwise="nothing was read"
            )
    finally:
        await claude.close()


async def _turn(
    claude: Claude, tools: list[dict[str, Any]], messages: list[dict[str, Any]]
) -> Turn:
    async def unseen(text: str) -> None:
        pass

    return await claude.turn(SYSTEM + "\n\n" + ROOM, tools, messages, unseen)


def _look(report: Report, turn: Turn) -> None:
    kinds = [block["type"] for block in turn.content]
    report.expect(
        "Claude",
        "searching for a tool",
        holds="server_tool_use" in kinds,
        otherwise=f"the turn holds {', '.join(dict.fromkeys(kinds)) or 'nothing'}",
    )
    names = [use.name for use in turn.tool_uses]
    report.expect(
        "Claude",
        "calling the tool that it found",
        holds=names == [TOOL],
        otherwise=f"it called {', '.join(names) or 'none'}",
    )
    shown = any(block["type"] == "thinking" and block.get("thinking") for block in turn.content)
    report.expect(
        "Claude", "thinking that can be shown", holds=shown, otherwise="no thinking was shown"
    )
    kept = turn.tokens_by_kind.get("cache_creation", 0) + turn.tokens_by_kind.get("cache_read", 0)
    report.expect("Claude", "caching the prompt", holds=kept > 0, otherwise="nothing was cached")
