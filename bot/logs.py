"""Logs: structured, readable in a terminal and JSON elsewhere."""

import logging
import re
import sys
from typing import Any

import structlog

from bot.settings import Settings

SECRETS = re.compile(
    r"\b(?:xox[a-z]-|xapp-|xoxe\.|sk-ant-|whsec_|Bearer\s+|ey[A-Za-z0-9_-]{8,}\.ey)[A-Za-z0-9._~+/=-]+"
)
E_MAILS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
LONG_ENOUGH = 8
"""Shorter values of secrets would be found in ordinary words."""

QUIET = ("slack_sdk", "slack_bolt", "docket", "httpx2", "uvicorn", "aiohttp", "grpc")


def set_up_logs(settings: Settings) -> None:
    as_json = settings.log_format == "json" or (
        settings.log_format is None and not sys.stderr.isatty()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        # Its own choice would be tracebacks with the values of all variables in them.
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    final: list[structlog.typing.Processor] = [renderer, _redacting(settings)]
    if as_json:
        final = [structlog.processors.format_exc_info, *final]
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


def _redacting(settings: Settings) -> structlog.typing.Processor:
    """The last step: no secret and no e-mail address leaves in a log line, whoever wrote it."""
    values = [value for value in settings.secrets() if len(value) >= LONG_ENOUGH]

    def redact(logger: Any, name: str, line: Any) -> Any:
        text = str(line)
        for value in values:
            text = text.replace(value, "[secret]")
        return E_MAILS.sub("[e-mail]", SECRETS.sub("[secret]", text))

    return redact
