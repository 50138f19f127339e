"""OpenTelemetry: on when an OTLP endpoint is set, by the standard's own variables.

opentelemetry.io/docs/specs/otel/protocol/exporter
"""

import os

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

FLUSH_MILLISECONDS = 3_000
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def set_up_tracing(process: str) -> None:
    """Send spans of this process ("web" or "worker") where the variables say. The engine links a
    job's span to the one that enqueued it."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return
    name = os.environ.get("OTEL_SERVICE_NAME", f"intercom-agent-{process}")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def flush_traces() -> None:
    """Send what was not sent yet; a process that a signal ends would lose it."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush(FLUSH_MILLISECONDS)
