"""Traces reach an OTLP endpoint: from the Slack event through the engine to each tool call."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from world import World

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.people import MAYA
from bot.sandbox.processes import RedisServer
from bot.sandbox.slack import SUPPORT


class Collector(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[ExportTraceServiceRequest] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def spans(self) -> list[tuple[str, str]]:
        """Service and name of each span."""
        return [
            (attribute.value.string_value, span.name)
            for request in self.requests
            for resource in request.resource_spans
            for attribute in resource.resource.attributes
            if attribute.key == "service.name"
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_spans_from_the_event_to_the_tool_call(tmp_path: Path) -> None:
    collector = Collector()
    world = World(
        tmp_path,
        embedded=not RedisServer.is_installed(),
        settings={
            "APPROVALS": "off",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        },
    )
    world.start()
    try:
        world.connect(MAYA)
        world.claude.script(reply(tool_use("intercom_list_tags", {})), reply("Tags."), when="trace")
        world.ended(SUPPORT, world.mention(MAYA, "trace"))
    finally:
        world.stop()
        collector.shutdown()
    names = {name for _, name in collector.spans()}
    assert {"slack.event", "advance", "claude.turn", "intercom.tool_call"} <= names
    if RedisServer.is_installed():
        assert {service for service, _ in collector.spans()} == {
            "intercom-agent-web",
            "intercom-agent-worker",
        }
