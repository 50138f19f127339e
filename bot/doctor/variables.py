"""The variables, one by one, and settings for what can be checked with those that are right."""

from pathlib import Path
from typing import Any, NamedTuple

from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.doctor.finding import Finding, failure, ok
from bot.settings import WHERE_TO_FIND, Settings, SettingsError, given_settings, why_malformed

DOTENV = Path(".env")
STAND_INS = {
    "slack_bot_token": "xoxb-",
    "scalekit_environment_url": "https://scalekit.invalid",
    "redis_url": "memory://",
    "public_url": "https://agent.invalid",
}
"""For what is required and missing or malformed; for all else that is required, an empty text."""


class Variables(NamedTuple):
    """`settings` has stand-ins for what is `wrong`: check nothing that depends on one of them."""

    findings: list[Finding]
    settings: Settings | None
    wrong: frozenset[str]


def check_variables() -> Variables:
    """A finding for every setting, and one for each line of `.env` that cannot be read.

    No value shows in a finding.
    """
    try:
        given = given_settings()
    except SettingsError as error:
        unreadable = failure(
            ".env", str(error).rstrip("."), "make it a text file that you can read"
        )
        return Variables([unreadable], None, frozenset(Settings.model_fields))
    errors = _errors()
    findings = [
        _wrong(name, errors[name]) if name in errors else _right(name, name in given)
        for name in Settings.model_fields
    ]
    stand_ins = {name: _stand_in(name) for name in errors}
    return Variables([*_lines(), *findings], Settings(**stand_ins), frozenset(errors))


def _errors() -> dict[str, ErrorDetails]:
    try:
        Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        details = error.errors(include_input=False)
        return {_field(str(detail["loc"][0])): detail for detail in details}
    return {}


def _field(name: str) -> str:
    """The field of a variable that goes by another name."""
    return "scalekit_environment_url" if name == "scalekit_env_url" else name


def _stand_in(name: str) -> Any:
    field = Settings.model_fields[name]
    return STAND_INS.get(name, "") if field.is_required() else field.default


def _lines() -> list[Finding]:
    """The lines of `.env` that are no assignment: they count as if they were not there."""
    if not DOTENV.is_file():
        return []
    with DOTENV.open(encoding="utf-8") as stream:
        wrong = [binding.original.line for binding in parse_stream(stream) if binding.error]
    cure = "write NAME=value, with quotes around a value that has spaces or # in it"
    return [failure(f".env line {line}", "cannot be read", cure) for line in wrong]


def _right(name: str, given: bool) -> Finding:
    if given:
        return ok(name.upper(), "set")
    has_default = Settings.model_fields[name].default is not None
    return ok(name.upper(), "default" if has_default else "not set (optional)")


def _wrong(name: str, detail: ErrorDetails) -> Finding:
    variable = name.upper()
    where = WHERE_TO_FIND.get(variable, "see the README's table of variables")
    if detail["type"] == "missing":
        return failure(variable, "missing", f"set it; you find it here: {where}")
    return failure(variable, f"malformed: {why_malformed(detail)}", f"what belongs there: {where}")
