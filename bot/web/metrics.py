"""`GET /metrics`: what all processes counted, and how things stand, for Prometheus.

It is nobody's business but the operator's: served with a token, or on a port of its own, or not.
"""

import asyncio
import hmac
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.services import Services
from bot.state.metrics import BUCKETS

log = structlog.get_logger()

PREFIX = "intercom_agent_"
COUNTERS = {
    "runs": ("Runs that ended, by outcome.", ["outcome"]),
    "tool_calls": ("Tool calls that ended, by tool and outcome.", ["outcome", "tool"]),
    "claude_tokens": ("Tokens of Claude's, by kind.", ["kind"]),
    "day_limits": ("Requests that ended because their person's day was used up.", []),
    "slack_rate_limited": ("Answers 429 of Slack's.", []),
    "approvals": ("Changes that waited, by what was decided.", ["decision"]),
}
FIRST_SIGN = "first_sign"
MOST = 2_000
"""Open conversations looked at for one scrape."""


class Snapshot(Collector):
    """Families that were collected before."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class MetricsPage:
    """The page that Prometheus scrapes."""

    def __init__(self, services: Services) -> None:
        self._services = services
        token = services.settings.metrics_token
        self._token = token.get_secret_value().encode() if token else None
        self._has_a_port = services.settings.metrics_port is not None

    async def public(self, request: Request) -> Response:
        """On the port that the internet reaches: 404 unless a token protects it."""
        if self._token is None or self._has_a_port:
            return PlainTextResponse("Not Found", status_code=404)
        return await self.private(request)

    async def private(self, request: Request) -> Response:
        """On a port of its own, where the token is asked for only if one is set."""
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if self._token is not None and not (
            kind.lower() == "bearer"
            and hmac.compare_digest(given.strip().encode("latin-1"), self._token)
        ):
            headers = {"WWW-Authenticate": "Bearer"}
            words = "This needs METRICS_TOKEN, as a bearer token."
            return PlainTextResponse(words, status_code=401, headers=headers)
        try:
            return Response(await exposition(self._services), media_type=CONTENT_TYPE_LATEST)
        except RedisError as error:
            log.warning("not_scraped", why=type(error).__name__)
            return PlainTextResponse("The state store is unavailable.", status_code=503)


class _Server(uvicorn.Server):
    """One beside the main server, which is the one to take signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def metrics_port(services: Services, host: str) -> AsyncIterator[None]:
    """Serve /metrics on METRICS_PORT while one is inside; nothing where it is not set.

    Raises:
        OSError: the port is taken.
    """
    port = services.settings.metrics_port
    if port is None:
        yield
        return
    app = Starlette(routes=[Route("/metrics", MetricsPage(services).private)])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    server = _Server(config)
    with socket.create_server((host, port)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


async def exposition(services: Services) -> bytes:
    """The text that Prometheus scrapes. Raises RedisError."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Snapshot([*await _counted(services), *await _standing(services)]))
    return generate_latest(registry)


async def _counted(services: Services) -> list[Metric]:
    counted = await services.metrics.counted()
    families: list[Metric] = []
    for name, (words, labels) in COUNTERS.items():
        family = CounterMetricFamily(PREFIX + name, words, labels=labels)
        for (found, pairs), value in counted.items():
            if found == name and [key for key, _ in pairs] == labels:
                family.add_metric([value_ for _, value_ in pairs], value)
        families.append(family)
    families.append(_histogram(counted))
    return families


def _histogram(counted: dict[tuple[str, tuple[tuple[str, str], ...]], int]) -> Metric:
    total, buckets = 0, []
    for bound in [*map(str, BUCKETS), "+Inf"]:
        total += counted.get((f"{FIRST_SIGN}_bucket", (("le", bound),)), 0)
        buckets.append((bound, float(total)))
    words = "From Slack's delivery to the first sign in the thread, in seconds."
    family = HistogramMetricFamily(f"{PREFIX}{FIRST_SIGN}_seconds", words)
    seconds = counted.get((f"{FIRST_SIGN}_milliseconds", ()), 0) / 1000
    family.add_metric([], buckets, sum_value=seconds)
    return family


async def _standing(services: Services) -> list[Metric]:
    phases: Counter[str] = Counter({"turn": 0, "waiting_for_connection": 0})
    phases["waiting_for_approval"] = phases["queued"] = 0
    oldest = 0.0
    for conversation in await services.store.open_conversations(MOST):
        run = await services.store.run(conversation)
        if run:
            phases[run.phase] += 1
        inbox = await services.store.inbox(conversation)
        if inbox and run is None:
            phases["queued"] += 1
            age = (datetime.now(UTC) - inbox[0].received_at).total_seconds()
            oldest = max(oldest, age)
    words = "Conversations in which something is to do, by how it stands."
    standing = GaugeMetricFamily(f"{PREFIX}conversations", words, labels=["phase"])
    for phase, count in phases.items():
        standing.add_metric([phase], count)
    words = "Seconds since the oldest request that no run was begun for was accepted."
    return [standing, GaugeMetricFamily(f"{PREFIX}queue_age_seconds", words, value=oldest)]
