"""The variables, one by one."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from bot.doctor.finding import Finding, failure, ok
from bot.settings import WHERE_TO_FIND, Settings


def check_variables() -> tuple[list[Finding], Settings | None]:
    """A finding for every setting, and the settings where none of them fails.

    No value shows in a finding."""
    try:
        settings = Settings()  # type: ignore[call-arg]
        errors: dict[str, ErrorDetails] = {}
    except ValidationError as error:
        settings, errors = None, {str(detail["loc"][0]): detail for detail in error.errors()}
    given = {**DotEnvSettingsSource(Settings)(), **EnvSettingsSource(Settings)()}
    findings = [
        _wrong(name, errors[name]) if name in errors else _right(name, name in given)
        for name in Settings.model_fields
    ]
    return findings, settings


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
    why = detail["msg"].removeprefix("Value error, ")
    return failure(variable, f"malformed: {why}", f"what belongs there: {where}")
