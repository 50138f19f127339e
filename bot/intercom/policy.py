"""What a call does. Decided here in code, by the catalogue, never by Claude.

Annotations are honored only where they make it stricter. A tool that the catalogue does not know
is destructive, whatever its name or its annotations promise.
"""

from typing import NamedTuple

from bot.intercom.catalogue import declared
from bot.intercom.catalogue.declaration import Input, Stored
from bot.state.models import Effect

WE_DO_NOT_KNOW = "We don't know what this tool does. Approve it only if you know it yourself."
SAID_TO_DESTROY = "Intercom's tool list says that this takes something away."


class Consequence(NamedTuple):
    """What a call does, and what its card warns of; "" where there is nothing to warn of."""

    effect: Effect
    warning: str


def consequence(
    tool_name: str,
    tool_input: Input,
    stored: Stored | None = None,
    *,
    read_only_hint: bool | None = None,
    destructive_hint: bool | None = None,
) -> Consequence:
    """What a call does. Destructive is what takes something away or reaches a customer; where the
    input leaves that open and `stored` does not settle it, the stricter holds.

    Args:
        tool_name: Scalekit's name.
        tool_input: The call's input.
        stored: The object that its rules look at (`judged_by`, else `changes`), as Intercom has it
            now; None if it was not looked up.
        read_only_hint: The connector's annotation.
        destructive_hint: The connector's annotation.
    """
    tool = declared(tool_name)
    if tool is None:
        return Consequence("destructive", WE_DO_NOT_KNOW)
    found = Consequence(*tool.consequence(tool_input, stored))
    if destructive_hint and found.effect != "destructive":
        return Consequence("destructive", SAID_TO_DESTROY)
    if read_only_hint is False and found.effect == "read":
        return Consequence("write", "")
    return found


def effect(
    tool_name: str,
    tool_input: Input,
    *,
    read_only_hint: bool | None = None,
    destructive_hint: bool | None = None,
) -> Effect:
    """What a call does at most, without a look at what it changes."""
    return consequence(
        tool_name,
        tool_input,
        read_only_hint=read_only_hint,
        destructive_hint=destructive_hint,
    ).effect


def is_read(tool_name: str, *, read_only_hint: bool | None, destructive_hint: bool | None) -> bool:
    """Whether a tool is known to change nothing."""
    found = effect(tool_name, {}, read_only_hint=read_only_hint, destructive_hint=destructive_hint)
    return found == "read"
