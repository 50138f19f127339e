"""The models that this stand-in knows, and the endpoints that list them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.claude.errors import ApiError, Refused


@dataclass(frozen=True)
class Model:
    id: str
    display_name: str
    created_at: str
    line: str
    max_input_tokens: int
    max_tokens: int
    lifecycle: Literal["active", "deprecated", "retired"] = "active"
    retires_at: str | None = None
    always_adaptive: bool = False
    """Thinks on its own terms: no budgets, no sampling settings, no prefill, no forced tool."""
    adaptive: bool = True
    """Takes `thinking: {type: adaptive}`."""
    system_messages: bool = True
    """Takes `role: system` messages within the conversation."""

    def as_json(self) -> dict[str, Any]:
        return {
            "type": "model",
            "id": self.id,
            "display_name": self.display_name,
            "created_at": self.created_at,
            "capabilities": None,
            "deprecated_at": None if self.lifecycle == "active" else "2026-05-30T00:00:00Z",
            "lifecycle": self.lifecycle,
            "line": self.line,
            "max_input_tokens": self.max_input_tokens,
            "max_tokens": self.max_tokens,
            "retires_at": self.retires_at,
        }


_ALL = (
    Model(
        "claude-opus-5-5",
        "Claude Opus 5.5",
        "2026-09-22T00:00:00Z",
        "opus",
        1_000_000,
        128_000,
        always_adaptive=True,
    ),
    Model(
        "claude-sonnet-5-5",
        "Claude Sonnet 5.5",
        "2026-09-22T00:00:00Z",
        "sonnet",
        1_000_000,
        128_000,
        always_adaptive=True,
    ),
    Model("claude-haiku-5-5", "Claude Haiku 5.5", "2026-09-22T00:00:00Z", "haiku", 200_000, 64_000),
    Model(
        "claude-sonnet-4-5",
        "Claude Sonnet 4.5",
        "2025-09-29T00:00:00Z",
        "sonnet",
        200_000,
        64_000,
        lifecycle="deprecated",
        retires_at="2026-11-30T00:00:00Z",
        adaptive=False,
        system_messages=False,
    ),
    Model(
        "claude-3-5-sonnet-20241022",
        "Claude Sonnet 3.5",
        "2024-10-22T00:00:00Z",
        "sonnet",
        200_000,
        8_192,
        lifecycle="retired",
        retires_at="2025-10-28T00:00:00Z",
        adaptive=False,
        system_messages=False,
    ),
)
MODELS = {model.id: model for model in _ALL}


def usable(model_id: str) -> Model:
    """The model that a request names. Raises ApiError (404) for an unknown or retired one."""
    model = MODELS.get(model_id)
    if model is None or model.lifecycle == "retired":
        raise ApiError("not_found_error", f"model: {model_id}")
    return model


def described(model_id: str) -> dict[str, Any]:
    """One model of the catalogue, retired ones too. Raises ApiError (404)."""
    if model_id not in MODELS:
        raise ApiError("not_found_error", f"model: {model_id}")
    return MODELS[model_id].as_json()


def listed(query: Mapping[str, str], lifecycles: list[str]) -> dict[str, Any]:
    """A page of the catalogue, newest first. Raises Refused."""
    wanted = lifecycles or ["active", "deprecated"]
    models = [model for model in _ALL if model.lifecycle in wanted]
    limit = query.get("limit", "20")
    if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
        raise Refused("limit: Input should be an integer from 1 to 1000")
    ids = [model.id for model in models]
    start = 0
    if after := query.get("after_id"):
        if after not in ids:
            raise Refused(f"after_id: {after} was not found")
        start = ids.index(after) + 1
    page = models[start : start + int(limit)]
    return {
        "data": [model.as_json() for model in page],
        "has_more": start + int(limit) < len(models),
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
    }
