"""How a Web API method says no."""

from typing import Any


class SlackError(Exception):
    """Becomes `{"ok": false, "error": code, ...}`; `extra` holds the answer's other fields."""

    def __init__(self, code: str, *reasons: str, **extra: Any) -> None:
        """`reasons` are the sentences Slack puts into `response_metadata.messages`."""
        super().__init__(code)
        self.code = code
        self.extra = extra
        if reasons:
            self.extra["response_metadata"] = {"messages": [f"[ERROR] {r}" for r in reasons]}


def invalid_arguments(reason: str, pointer: str) -> SlackError:
    return SlackError("invalid_arguments", f"{reason} [json-pointer:{pointer}]")
