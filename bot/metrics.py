"""`GET /metrics`: what all processes counted, and how things stand, for Prometheus."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bot.services import Services
from bot.state.metrics import BUCKETS

PREFIX = "intercom_agent_"
COUNTERS = {
    "runs": ("Runs that ended, by outcome.", ["outcome"]),
    "tool_calls": ("Tool calls that ended, by tool and outcome.", ["outcome", "tool"]),
    "claude_tokens": ("Tokens of Claude's, by kind.", ["kind"]),
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
