"""Logs: structured, readable in a terminal and JSON elsewhere."""

import logging
import re
import sys
from collections.abc import Callable
from typing import Any

import structlog

from bot.settings import StateSettings

SECRETS = re.compile(
    # The n of an escaped line break, as in a repr, is no part of the word behind it.
    r"(?:\b|(?<=\\[nrt]))(?:xox[a-z]-|xapp-|xoxe\.|sk-ant-|whsec_|Bearer\s+|ey[A-Za-z0-9_-]{8,}\.ey)[A-Za-z0-9._~+/=-]+"
)
E_MAILS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
LONG_ENOUGH = 8
"""Shorter values of secrets would be found in ordinary words."""

QUIET = ("slack_sdk", "slack_bolt", "docket", "httpx2", "uvicorn", "aiohttp", "grpc")


def set_up_logs(settings: StateSettings) -> None:
    as_json = settings.log_format == "json" or (
        settings.log_format is None and not sys.stderr.isatty()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    redact = _redaction(settings)
    final: list[structlog.typing.Processor] = (
        [
            structlog.processors.format_exc_info,
            # Before JSON escapes anything: after it, the n of a line break is part of a word.
            lambda logger, name, event: _in_values(event, redact),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if as_json
        else [
            # Its own choice would be tracebacks with the values of all variables in them.
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
            lambda logger, name, line: redact(str(line)),
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _redaction(settings: StateSettings) -> Callable[[str], str]:
    """No secret and no e-mail address leaves in a log line, whoever wrote it."""
    values = [value for value in settings.secrets() if len(value) >= LONG_ENOUGH]

    def redact(text: str) -> str:
        for value in values:
            text = text.replace(value, "[secret]")
        return E_MAILS.sub("[e-mail]", SECRETS.sub("[secret]", text))

    return redact


def _in_values(value: Any, redact: Callable[[str], str]) -> Any:
    """The same with every text in it redacted; what JSON does not know becomes a text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {redact(str(key)): _in_values(item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_in_values(item, redact) for item in value]
    return redact(value if isinstance(value, str) else repr(value))
