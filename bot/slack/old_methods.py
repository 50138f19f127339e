"""Methods of Slack's that are said to end: they are tried while they last, and missed by nobody.

Free-text `assistant.threads.setStatus` and `assistant.threads.setTitle` belong to `assistant_view`,
which `agent_view` and `agents.sessions.*` take the place of; they are said to end in February 2027.
"""

import time

TRY_AGAIN_SECONDS = 3_600.0
GONE = frozenset(
    {
        "deprecated_endpoint",
        "method_deprecated",
        "method_not_supported",
        "not_allowed_token_type",
        "unknown_method",
    }
)


class OldMethods:
    """What one process knows of them."""

    def __init__(self) -> None:
        self._gone: dict[str, float] = {}

    def lasts(self, method: str) -> bool:
        """Whether it is worth calling."""
        return time.monotonic() >= self._gone.get(method, 0.0)

    def note(self, method: str, error_code: str) -> None:
        """It was refused: if it is gone, it is not called again for a while."""
        if error_code in GONE:
            self._gone[method] = time.monotonic() + TRY_AGAIN_SECONDS
