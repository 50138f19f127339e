"""What the product sends, held against what the services' makers ship."""

from collections.abc import Sequence

import yaml
from google.protobuf.descriptor import Descriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message_factory import GetMessageClass
from scalekit.v1.connected_accounts import connected_accounts_pb2
from scalekit.v1.connections import connections_pb2
from scalekit.v1.environments import environments_pb2
from scalekit.v1.tools import tools_pb2

from bot.manifest import manifest_text
from bot.sandbox.claude.errors import Refused as NotOfTheApi
from bot.sandbox.claude.shapes import check_message_body
from bot.sandbox.scalekit.errors import Refused as BreaksARule
from bot.sandbox.scalekit.rules import check
from tests.fidelity import slack_types
from tests.fidelity.recordings import Recorded

SCOPES: dict[str, tuple[str, ...]] = {
    "agents.sessions.rename": ("chat:write",),
    "agents.sessions.setStatus": ("chat:write",),
    "assistant.threads.setStatus": ("chat:write", "assistant:write"),
    "assistant.threads.setTitle": ("assistant:write",),
    "auth.test": (),
    "chat.appendStream": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.startStream": ("chat:write",),
    "chat.stopStream": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": (
        "channels:history",
        "groups:history",
        "im:history",
        "mpim:history",
    ),
    "conversations.info": ("channels:read", "groups:read", "im:read", "mpim:read"),
    "conversations.list": ("channels:read", "groups:read", "im:read", "mpim:read"),
    "conversations.open": ("channels:manage", "groups:write", "im:write", "mpim:write"),
    "conversations.replies": (
        "channels:history",
        "groups:history",
        "im:history",
        "mpim:history",
    ),
    "files.completeUploadExternal": ("files:write",),
    "files.delete": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.info": ("files:read",),
    "reactions.add": ("reactions:write",),
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
    "views.update": (),
}
"""Any one of these is enough, by the methods' own pages at docs.slack.dev/reference/methods."""
OTHER_TOKENS = frozenset({"apps.connections.open", "openid.connect.token"})
"""Methods that do not take the bot's token."""

PROTOCOLS = (connected_accounts_pb2, connections_pb2, environments_pb2, tools_pb2)


def problems(calls: Sequence[Recorded]) -> list[str]:
    """A line for each call that its service's own types, rules or scopes would refuse."""
    slack = [call for call in calls if call.service == "slack"]
    found = [f"{call.method}: {problem}" for call in slack for problem in _scopes(call)]
    if slack_types.is_possible():
        wrong = slack_types.problems(slack)
        found += [f"{slack[at].method}: {words}" for at, words in wrong.items()]
    for call in calls:
        if call.service == "claude":
            found += _claude(call)
        if call.service == "scalekit":
            found += _scalekit(call)
    return found


def _scopes(call: Recorded) -> list[str]:
    if call.method in OTHER_TOKENS:
        return []
    if call.method not in SCOPES:
        return ["nobody has said which scope it needs"]
    asked = yaml.safe_load(manifest_text("https://agent.example.com"))["oauth_config"]["scopes"][
        "bot"
    ]
    needed = SCOPES[call.method]
    if needed and not set(needed) & set(asked):
        return [f"the manifest asks for none of {', '.join(needed)}"]
    return []


def _claude(call: Recorded) -> list[str]:
    try:
        check_message_body(call.sent)
    except NotOfTheApi as refused:
        return [f"claude: {refused}"]
    return []


def _scalekit(call: Recorded) -> list[str]:
    message = GetMessageClass(_request_of(call.method))()
    try:
        ParseDict(call.sent, message)
        check(message)
    except (ParseError, BreaksARule) as refused:
        return [f"scalekit {call.method}: {refused}"]
    return []


def _request_of(rpc: str) -> Descriptor:
    for protocol in PROTOCOLS:
        for service in protocol.DESCRIPTOR.services_by_name.values():
            if rpc in service.methods_by_name:
                return service.methods_by_name[rpc].input_type
    raise LookupError(f"Scalekit has no method {rpc}")
