"""What the product sent in the end-to-end tests, one call of each shape.

Every world leaves its calls in a folder when it ends; once all tests are over, they are held
against what the services' makers ship (see `checks.py`).
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from bot.sandbox.sandbox import Sandbox

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[2] / "artifacts" / "calls"
TELLING = frozenset({"type", "style", "status", "alignment", "response_type", "role", "model"})
"""Fields whose very value makes a shape; of others only the kind of value does."""


class Recorded(NamedTuple):
    """One call: of which service, which method, with what."""

    service: str
    method: str
    sent: Json

    @property
    def shape(self) -> str:
        return f"{self.service} {self.method} {_shape(self.sent)}"


def of_world(sandbox: Sandbox) -> list[Recorded]:
    """What was sent to this sandbox, and accepted by it as well formed."""
    slack = [
        Recorded("slack", call.method, sandbox.slack.typed(call))
        for call in sandbox.slack.calls
        if call.response.get("error") not in ("invalid_arguments", "unknown_method")
    ]
    claude = [Recorded("claude", "messages", call.body) for call in sandbox.claude.requests]
    scalekit = [Recorded("scalekit", call.rpc, call.request) for call in sandbox.scalekit.calls]
    return one_of_each_shape([*slack, *claude, *scalekit])


def one_of_each_shape(calls: Iterable[Recorded]) -> list[Recorded]:
    return list({call.shape: call for call in calls}.values())


def keep(sandbox: Sandbox) -> None:
    """Leave a world's calls for the check at the end."""
    lines = [json.dumps(call._asdict()) for call in of_world(sandbox)]
    if not lines:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    (FOLDER / f"{name}.jsonl").write_text(text)


def kept() -> list[Recorded]:
    """All that the worlds of this run have left."""
    files = sorted(FOLDER.glob("*.jsonl"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    return one_of_each_shape(Recorded(**json.loads(line)) for line in lines)


def forget() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)


def _shape(value: Any, key: str = "") -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{_shape(v, k)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted({_shape(item) for item in value})) + "]"
    if isinstance(value, str) and key in TELLING:
        return value
    return type(value).__name__
