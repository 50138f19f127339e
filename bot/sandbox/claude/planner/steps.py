"""How a skill works: it yields steps, gets their outcomes, and returns the answer.

A skill runs from its beginning at every request to Claude: the outcomes that are in the messages
are played back to it, and the first step without outcomes becomes the reply. So the planner
needs no memory of its own.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.sandbox.claude.planner.talk import Outcome, Talk
from bot.sandbox.claude.replies import Block, Reply, reply, text, thinking, tool_search, tool_use


@dataclass(frozen=True)
class Call:
    tool: str
    """Without `intercom_`."""
    input: dict[str, Any]

    @property
    def name(self) -> str:
        return f"intercom_{self.tool}"


@dataclass(frozen=True)
class Step:
    """Calls that go out side by side, a sentence that announces them, and the thought behind."""

    say: str
    think: str
    calls: tuple[Call, ...]


class Stop(Exception):
    """A skill cannot go on; the text is the answer."""


T = TypeVar("T")
Work = Generator[Step, list[Outcome], T]
Skill = Work[str]


def step(say: str, think: str, *calls: Call) -> Work[list[Outcome]]:
    """Run calls and get their outcomes, in their order."""
    outcomes = yield Step(say, think, calls)
    return outcomes


class Offered:
    """The tools that a request offers."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._tools = {tool["name"]: tool for tool in body.get("tools", [])}
        self._found = {
            reference["tool_name"]
            for message in body["messages"]
            if isinstance(message["content"], list)
            for block in message["content"]
            if block["type"] == "tool_search_tool_result"
            for reference in block["content"].get("tool_references", [])
        }

    def has(self, tool: str) -> bool:
        return f"intercom_{tool}" in self._tools

    def takes(self, tool: str, parameter: str) -> bool:
        schema = self._tools.get(f"intercom_{tool}", {}).get("input_schema", {})
        return parameter in (schema.get("properties") or {})

    def hidden(self, call: Call) -> bool:
        """Whether a search has to find the tool before it can be called."""
        tool = self._tools.get(call.name, {})
        return bool(tool.get("defer_loading")) and call.name not in self._found


def played(skill: Skill, talk: Talk, offered: Offered) -> Reply:
    """The reply that takes a skill's work one step further."""
    try:
        wanted = next(skill)
        for outcomes in talk.steps:
            if len(outcomes) < len(wanted.calls):
                return reply("I lost track of what I was doing. Please ask me once more.")
            wanted = skill.send(outcomes)
    except StopIteration as ended:
        return reply(thinking("I have what I need for the answer."), text(ended.value.strip()))
    except Stop as stopped:
        return reply(thinking("I cannot go on from here."), text(str(stopped)))
    missing = [call for call in wanted.calls if not offered.has(call.tool)]
    if missing:
        return reply(
            "I can't do that: your Intercom account does not give me "
            f"{' or '.join(f'`{call.name}`' for call in missing)}."
        )
    blocks: list[Block] = [thinking(wanted.think), text(wanted.say)]
    hidden = list(dict.fromkeys(call.name for call in wanted.calls if offered.hidden(call)))
    if hidden:
        words = " ".join(name.removeprefix("intercom_").replace("_", " ") for name in hidden)
        blocks.append(tool_search(words, hidden))
    blocks += [tool_use(call.name, call.input) for call in wanted.calls]
    return reply(*blocks)
