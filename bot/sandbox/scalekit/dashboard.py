"""What is set up in Scalekit's dashboard and can be read over gRPC: connections and environment."""

from typing import Any, Literal

import grpc
from scalekit.v1.connections import connections_pb2 as connections_pb
from scalekit.v1.connections import connections_pb2_grpc as connections_grpc
from scalekit.v1.environments import environments_pb2 as environments_pb
from scalekit.v1.environments import environments_pb2_grpc as environments_grpc

from bot.sandbox.scalekit.desk import Desk
from bot.sandbox.scalekit.errors import not_found
from bot.sandbox.scalekit.paging import page_of

VerifyMode = Literal["NONE", "B2B", "SCALEKIT_PLATFORM"]

ENVIRONMENT_ID = "env_sandbox"
DOMAIN = "127.0.0.1"
PAGE_SIZE = 30


class ConnectionService(connections_grpc.ConnectionServiceServicer):
    def __init__(self, desk: Desk, connection_name: str) -> None:
        self._desk = desk
        self.names = [connection_name]
        """The environment's connections, in the order in which they are listed."""

    def ListAppConnections(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            found = [name for name in self.names if _matches(name, request)]
            page = page_of(found, request, default=PAGE_SIZE, largest=PAGE_SIZE)
            return connections_pb.ListAppConnectionsResponse(
                connections=[self._shown(name) for name in page.items],
                next_page_token=page.next_token,
                prev_page_token=page.prev_token,
                total_size=len(found),
            )

        return self._desk.serve("ListAppConnections", request, context, work)

    def _shown(self, name: str) -> Any:
        first = name == self.names[0]
        return connections_pb.ListConnection(
            id="conn_sandbox" if first else f"conn_sandbox_{name}",
            provider="CUSTOM",
            provider_key="INTERCOM",
            key_id=name,
            type="OAUTH",
            status="COMPLETED",
            enabled=True,
            auth_mode="USER",
        )


class EnvironmentService(environments_grpc.EnvironmentServiceServicer):
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.verify_mode: VerifyMode = "B2B"
        """Who checks that a consent is the identifier's: B2B is the application."""

    def ListEnvironment(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            environments = [
                environments_pb.Environment(
                    id="env_other", display_name="Other", domain="other.scalekit.example"
                ),
                environments_pb.Environment(
                    id=ENVIRONMENT_ID, display_name="Sandbox", domain=DOMAIN
                ),
            ]
            page = page_of(environments, request, default=PAGE_SIZE, largest=PAGE_SIZE)
            return environments_pb.ListEnvironmentsResponse(
                environments=page.items,
                next_page_token=page.next_token,
                total_size=len(environments),
            )

        return self._desk.serve("ListEnvironment", request, context, work)

    def GetAgentActionsConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            if request.id != ENVIRONMENT_ID:
                raise not_found("environment")
            return environments_pb.GetAgentActionsConfigResponse(
                agent_actions_config=environments_pb.AgentActionsConfig(
                    user_verify_mode=f"USER_VERIFY_MODE_{self.verify_mode}"
                )
            )

        return self._desk.serve("GetAgentActionsConfig", request, context, work)


def _matches(name: str, request: Any) -> bool:
    """`provider` compares whole, `query` is text that the name or the provider contains."""
    if request.provider and request.provider.upper() != "INTERCOM":
        return False
    return request.query.lower() in name.lower() or request.query.lower() in "intercom"
