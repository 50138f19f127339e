"""Claude: the key and the model."""

import anthropic
from anthropic import AsyncAnthropic
from anthropic.types import ModelInfo

from bot.doctor.finding import Finding, failure, ok, warning
from bot.doctor.guard import guarded
from bot.settings import WHERE_TO_FIND, Settings

MODEL = Settings.model_fields["anthropic_model"].default
CURE = "see that this machine reaches Claude's API (network, proxy), leave ANTHROPIC_BASE_URL out"
USE_DEFAULT = f"set ANTHROPIC_MODEL={MODEL}, or leave it out"


async def check_claude(settings: Settings, seconds: float) -> list[Finding]:
    """Whether the key is accepted, and whether the model is there and will stay."""
    return await guarded("Claude", CURE, _check(settings), seconds)


async def _check(settings: Settings) -> list[Finding]:
    async with AsyncAnthropic(
        api_key=settings.anthropic_api_key.get_secret_value(),
        base_url=settings.anthropic_base_url,
        max_retries=0,
    ) as client:
        try:
            model = await client.models.retrieve(settings.anthropic_model)
        except (anthropic.AuthenticationError, anthropic.PermissionDeniedError):
            cure = f"create or copy a key: {WHERE_TO_FIND['ANTHROPIC_API_KEY']}"
            return [failure("Claude key", "not accepted", cure)]
        except anthropic.NotFoundError:
            gone = failure("Claude model", f"no {settings.anthropic_model}", USE_DEFAULT)
            return [ok("Claude key", "accepted"), gone]
    return [ok("Claude key", "accepted"), _model(model)]


def _model(model: ModelInfo) -> Finding:
    if model.lifecycle == "retired":
        return failure("Claude model", f"{model.id} is retired: every request fails", USE_DEFAULT)
    if model.lifecycle == "deprecated" or model.retires_at:
        ends = f"ends on {model.retires_at:%Y-%m-%d}" if model.retires_at else "is going to end"
        return warning("Claude model", f"{model.id} is deprecated and {ends}", USE_DEFAULT)
    return ok("Claude model", model.id)
