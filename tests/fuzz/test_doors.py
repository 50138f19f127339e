"""Whatever comes through a door: no answer is a 5xx, and nothing is logged as an exception.

FUZZ_PAYLOADS says how many requests are sent, FUZZ_SEED which; a failure shows the one to look at.
"""

import hashlib
import hmac
import http.client
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qsl, quote_from_bytes, urlencode, urlsplit

import redis
from mutations import TEXTS, damaged, encoded, mutated
from slack_sdk import WebClient
from world import World, identifier

from bot.sandbox.people import AISHA, MAYA, PETRA, TOM
from bot.sandbox.scalekit.webhooks import signed
from bot.sandbox.slack import BILLING, SHARED, SUPPORT, Delivery
from bot.sandbox.slack.delivery import signature
from bot.state.models import Conversation, PendingConnection

PAYLOADS = int(os.environ.get("FUZZ_PAYLOADS", "400"))
SEED = os.environ.get("FUZZ_SEED", "1")
CONNECTIONS = 8
INTERCOM_SECRET = "fuzzed-intercom-secret"

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
METHODS = ("GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")
OTHER_PATHS = (
    "/",
    "/healthz",
    "/readyz",
    "/slack/events",
    "/slack/events/",
    "/connect",
    "/connect/",
    "/favicon.ico",
    "//",
    "/%00",
    "/%ff%fe",
    "/connect/%2e%2e/verify",
    "*",
    "/" + "a" * 9_000,
)


@dataclass
class Knock:
    """One request at a door."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path[:300]} {self.headers} {(self.body or b'')[:3_000]!r}"


class Line:
    """A connection that is kept as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = self._new()

    def _new(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)

    def send(self, knock: Knock) -> tuple[int, dict[str, str]]:
        """Out: status and headers. Raises OSError or HTTPException when no answer comes."""
        try:
            return self._send(knock)
        except (OSError, http.client.HTTPException):
            # The server closes a connection after a request that it did not read to its end.
            self.close()
            self._connection = self._new()
            return self._send(knock)

    def _send(self, knock: Knock) -> tuple[int, dict[str, str]]:
        line = self._connection
        line.putrequest(knock.method, knock.path, skip_accept_encoding=True)
        names = {name.lower() for name in knock.headers}
        if knock.body is not None and not names & {"content-length", "transfer-encoding"}:
            line.putheader("Content-Length", str(len(knock.body)))
        for name, value in knock.headers.items():
            line.putheader(name, value.encode("latin-1"))
        line.endheaders(knock.body)
        answer = line.getresponse()
        answer.read()
        if names & {"content-length", "transfer-encoding"}:
            # The server still waits for the body that was announced.
            line.close()
        return answer.status, dict(answer.getheaders())

    def close(self) -> None:
        self._connection.close()


def seeds(world: World) -> list[Delivery]:
    """One real delivery of every kind; none of them is sent."""
    slack = world.slack
    events_url, slack.events_url = slack.events_url, ""
    before = len(slack.deliveries)
    client = WebClient(slack.bot_token, base_url=slack.url + "/api/")
    maya, dm = MAYA.slack_user_id, slack.dm(MAYA.slack_user_id)
    root = world.mention(MAYA, "Which open conversations are unassigned?")
    world.mention(TOM, "and mine?", thread=root)
    world.mention(AISHA, "a &lt;question&gt;", BILLING)
    world.mention(PETRA, "from elsewhere", SHARED)
    slack.post(maya, SUPPORT, "without a mention", thread_ts=root)
    ts = slack.post(maya, dm, "directly", files=[{"id": "F1", "name": "a.csv"}])
    slack.edit(maya, dm, ts, "corrected")
    slack.delete(maya, dm, ts)
    slack.join(AISHA.slack_user_id, SUPPORT)
    slack.post_as_other_bot(SUPPORT, "beep", thread_ts=root)
    for tab in ("home", "messages"):
        slack.open_home(maya, tab)
    client.api_call(
        "agents.sessions.setStatus",
        json={"channel_id": SUPPORT, "thread_ts": root, "status": "processing"},
    )
    for text in ("help", "connect", "status", "how many are open?"):
        command = slack.command(maya, SUPPORT, text)
    button = {
        "type": "button",
        "action_id": "press",
        "value": "1",
        "text": {"type": "plain_text", "text": "Press"},
    }
    actions: dict[str, Any] = {"type": "actions", "block_id": "row", "elements": [button]}
    posted = client.chat_postMessage(
        channel=SUPPORT, text="A card", blocks=[actions], unfurl_links=False, unfurl_media=False
    )
    slack.click(maya, SUPPORT, str(posted["ts"]), "press")
    words = {
        "type": "input",
        "block_id": "edit",
        "label": {"type": "plain_text", "text": "Reply"},
        "element": {"type": "plain_text_input", "action_id": "words"},
    }
    title = {"type": "plain_text", "text": "Edit"}
    modal = {"type": "modal", "callback_id": "edit", "title": title, "submit": title}
    for _ in range(2):
        command = slack.command(maya, SUPPORT, "edit")
        client.views_open(
            trigger_id=command.payload["trigger_id"],
            view={**modal, "notify_on_close": True, "blocks": [words, actions]},
        )
    first, second = slack.views(maya)
    slack.click_view(first["id"], "press")
    slack.submit_view(maya, first["id"], {"edit": {"words": "Hello"}})
    slack.close_view(maya, second["id"])
    made = slack.deliveries[before:]
    slack.events_url = events_url
    stopped = {"type": "agent_session_stopped", "user": maya, "channel": SUPPORT, "thread_ts": root}
    stop = Delivery("event", slack.envelope(stopped, SUPPORT))
    check = {"token": "t", "challenge": "c", "type": "url_verification"}
    return [*made, stop, Delivery("event", check)]


class Fuzzer:
    """Makes the requests; the same number makes the same one again, but for ids and times."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._secret = world.slack.signing_secret
        assert world.redis
        self._redis = redis.Redis.from_url(world.redis.url)
        self._seeds: dict[str, list[Any]] = {}
        for seed in seeds(world):
            self._seeds.setdefault(seed.kind, []).append(seed.payload)
        self._all = [payload for payloads in self._seeds.values() for payload in payloads]

    def send(self, number: int, line: Line) -> list[tuple[Knock, int]]:
        """What was sent for this number, and the statuses that came back."""
        random = Random(f"{SEED}:{number}")
        ways: list[tuple[int, Callable[[Random, Line], list[tuple[Knock, int]]]]] = [
            (38, self._single(self._event)),
            (14, self._single(self._command)),
            (20, self._single(self._interaction)),
            (10, self._single(self._damaged)),
            (6, self._single(self._odd_headers)),
            (3, self._single(self._elsewhere)),
            (6, self._single(self._webhook)),
            (9, self._connecting),
            (2, self._single(self._taking_back)),
        ]
        weights, makers = zip(*ways, strict=True)
        return random.choices(makers, weights)[0](random, line)

    @staticmethod
    def _single(
        make: Callable[[Random], Knock],
    ) -> Callable[[Random, Line], list[tuple[Knock, int]]]:
        def send(random: Random, line: Line) -> list[tuple[Knock, int]]:
            knock = make(random)
            return [(knock, line.send(knock)[0])]

        return send

    def _signed(self, body: bytes, content_type: str | None) -> Knock:
        timestamp = str(int(time.time()))
        headers = {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._secret, timestamp, body),
        }
        if content_type is not None:
            headers["Content-Type"] = content_type
        return Knock("POST", "/slack/events", headers, body)

    def _event(self, random: Random) -> Knock:
        payload = mutated(random.choice(self._seeds["event"]), random, self._all)
        return self._signed(encoded(payload, random), _content_type(random, JSON_TYPE))

    def _interaction(self, random: Random) -> Knock:
        payload = mutated(random.choice(self._seeds["interaction"]), random, self._all)
        fields = [("payload", encoded(payload, random))]
        if random.random() < 0.1:
            other = encoded(random.choice(self._all), random)
            fields.insert(random.randrange(2), (random.choice(("payload", "a", "token")), other))
        body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields)
        return self._signed(body.encode(), _content_type(random, FORM_TYPE))

    def _command(self, random: Random) -> Knock:
        fields = list(random.choice(self._seeds["command"]).items())
        for _ in range(random.choice((1, 1, 2, 4))):
            place = random.randrange(len(fields)) if fields else 0
            match random.randrange(5):
                case 0 if fields:
                    del fields[place]
                case 1 if fields:
                    fields.append((fields[place][0], random.choice(TEXTS)))
                case 2:
                    fields.insert(place, (random.choice(TEXTS), random.choice(TEXTS)))
                case 3:
                    fields.append((random.choice(("payload", "ssl_check", "type", "event")), "1"))
                case _ if fields:
                    fields[place] = (fields[place][0], random.choice(TEXTS))
        body = urlencode(fields, errors="surrogatepass").encode()
        return self._signed(body, _content_type(random, FORM_TYPE))

    def _webhook(self, random: Random) -> Knock:
        """Scalekit's or Intercom's, mutated and then signed; now and then the signature is odd."""
        data = {"identifier": identifier(MAYA), "connection_name": "intercom", "status": "ACTIVE"}
        told = {"id": "evt_1", "type": "connected_account.status_updated", "data": data}
        notified = {"type": "notification_event", "topic": "ping", "id": "n1", "data": {}}
        is_scalekit = random.random() < 0.5
        payload = mutated(told if is_scalekit else notified, random, self._all)
        body = encoded(payload, random)
        if is_scalekit:
            headers = signed(self._world.scalekit.webhook_secret, body)
            path, name = "/scalekit/webhooks", "webhook-signature"
        else:
            mac = hmac.new(INTERCOM_SECRET.encode(), body, hashlib.sha1).hexdigest()
            headers = {"X-Hub-Signature": f"sha1={mac}"}
            path, name = "/intercom/webhooks", "X-Hub-Signature"
        if random.random() < 0.1:
            headers[name] = _odd_text(random).encode("ascii", "replace").decode() or "x"
            headers[name] = "".join(c for c in headers[name] if c.isprintable())[:2_000] or "x"
        return Knock("POST", path, {**headers, "Content-Type": JSON_TYPE}, body)

    def _damaged(self, random: Random) -> Knock:
        make = random.choice((self._event, self._command, self._interaction))
        body = damaged(make(random).body or b"", random)
        return self._signed(body, _content_type(random, random.choice((JSON_TYPE, FORM_TYPE))))

    def _odd_headers(self, random: Random) -> Knock:
        knock = self._event(random)
        names = [*knock.headers, "Content-Length", "Transfer-Encoding", "Host", "Cookie", "Expect"]
        names += ["X-Slack-Retry-Num", "X-Slack-Bolt-Lazy-Only", "X-Slack-Bolt-Lazy-Function-Name"]
        name = random.choice(names)
        values = [
            "",
            "0",
            "-1",
            "1e3",
            "²",
            "ÿþ",
            "9" * 18,
            "9" * 400,
            "9" * 5_000,
            "v0=",
            "chunked",
        ]
        if name == "Content-Length":
            # Less than the body: the rest would be read as a request of its own.
            values = ["99999999", "9" * 30, "x", "", "1_0"]
            knock.body = b""
        if name == "Transfer-Encoding":
            values, knock.body = ["chunked", "gzip"], b"2\r\n{}\r\n0\r\n\r\n"
        knock.headers[name] = random.choice(values)
        if random.random() < 0.3:
            knock.headers.pop(random.choice(list(knock.headers)))
        return knock

    def _elsewhere(self, random: Random) -> Knock:
        path = random.choice(OTHER_PATHS)
        if random.random() < 0.3:
            path = "/" + quote_from_bytes(random.randbytes(9))
        return Knock(random.choice(METHODS), path + random.choice(("", "?", "?state=%ff", "?a=b")))

    def _connecting(self, random: Random, line: Line) -> list[tuple[Knock, int]]:
        """Some way along the connect flow; with luck to its end."""
        sent: list[tuple[Knock, int]] = []
        link = random.randbytes(16).hex()
        pending = PendingConnection(
            team_id=MAYA.slack_team_id,
            enterprise_id=None,
            user_id=MAYA.slack_user_id,
            identifier=identifier(MAYA),
        )
        key = f"connect-link:{hashlib.sha256(link.encode()).hexdigest()}"
        self._redis.set(key, f"value:{pending.model_dump_json()}", ex=60)
        self._redis.set(f"owner:{identifier(MAYA)}", pending.model_dump_json())

        def knock(path: str, query: list[tuple[str, str]], cookie: str) -> dict[str, str]:
            """Out: the answer's headers; empty where it leads no further."""
            made = Knock("GET", f"{path}?{_query(random, query)}", _cookies(random, cookie))
            status, headers = line.send(made)
            sent.append((made, status))
            return headers if status == 303 else {}

        at_slack = knock("/connect/start", [("state", link)], "")
        if not at_slack:
            return sent
        asked = dict(parse_qsl(urlsplit(at_slack["location"]).query))
        code = _odd_text(random)
        if random.random() < 0.7:
            person = random.choice((MAYA, MAYA, TOM))
            code = self._code(at_slack["location"], person.slack_user_id)
        cookie = at_slack["set-cookie"].partition(";")[0]
        query = [("state", asked["state"]), ("code", code)]
        at_intercom = knock("/connect/slack", query, cookie)
        if not at_intercom:
            return sent
        auth_request, state = _odd_text(random), random.randbytes(16).hex()
        if random.random() < 0.7:
            back = self._world.scalekit.authorize(
                at_intercom["location"], str(MAYA.intercom_admin_id)
            )
            returned = dict(parse_qsl(urlsplit(back).query))
            auth_request, state = returned["auth_request_id"], returned["state"]
        cookie = at_intercom["set-cookie"].partition(";")[0]
        query = [("state", state), ("auth_request_id", auth_request)]
        knock("/connect/verify", query, cookie)
        return sent

    def _taking_back(self, random: Random) -> Knock:
        """The form of the last page, or what somebody makes of it."""
        ours = self._world.sandbox.public_url
        origin = random.choice((ours, ours, "null", "https://evil.example", ""))
        body = random.choice(
            (b"token=x", b"token=", b"", b"token=a&token=b", b"a=b&" * 9, random.randbytes(40))
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        return Knock("POST", "/connect/not-me", headers | _cookies(random, ""), body)

    def _code(self, location: str, user_id: str) -> str:
        """What Slack gives this person's browser."""
        url = urlsplit(f"{location}&sandbox_user={user_id}")
        connection = http.client.HTTPConnection(url.netloc, timeout=20)
        try:
            connection.request("GET", f"{url.path}?{url.query}")
            back = connection.getresponse().headers["location"]
        finally:
            connection.close()
        return dict(parse_qsl(urlsplit(back).query))["code"]


def _content_type(random: Random, usual: str) -> str | None:
    odd = (None, "", "application/json; charset=utf-8", "application/jsonx", "APPLICATION/JSON")
    more = ("text/plain", "multipart/form-data", "application/x-www-form-urlencoded", "ÿ;;;")
    return usual if random.random() < 0.85 else random.choice((*odd, *more))


def _odd_text(random: Random) -> str:
    plain = ("", "code", "a" * 3_000, "%", "+", "\x00", "\n", "é🙈", "\udc80", "&state=", "{}")
    return random.choice(plain)


def _query(random: Random, fields: list[tuple[str, str]]) -> str:
    """Mostly these fields; sometimes without one, with one doubled, or with noise."""
    match random.randrange(8):
        case 0:
            del fields[random.randrange(len(fields))]
        case 1:
            fields.append((random.choice(fields)[0], _odd_text(random)))
        case 2:
            fields.insert(0, (_odd_text(random), _odd_text(random)))
        case 3:
            return quote_from_bytes(random.randbytes(20), safe="&=%+")
        case _:
            pass
    return urlencode(fields, errors="surrogateescape")


def _cookies(random: Random, usual: str) -> dict[str, str]:
    odd = (
        "",
        "=",
        ";;;",
        "connecting",
        "connecting=",
        "connecting=ÿ",
        "__Host-connecting=x",
        'connecting="\\377\\',
        "connecting=a; connecting=b",
        "a" * 5_000,
        f"{usual}; {usual}",
        f"$Version=1; {usual}",
    )
    value = usual if random.random() < 0.7 else random.choice(odd)
    return {"Cookie": value} if value else {}


def test_no_request_breaks_the_web_process(web: World) -> None:
    fuzzer = Fuzzer(web)
    statuses: Counter[int] = Counter()
    broken: list[str] = []

    def run(start: int) -> list[tuple[int, Knock, int]]:
        line = Line(web.sandbox.web_port)
        results = []
        for number in range(start, PAYLOADS, CONNECTIONS):
            try:
                results += [(number, knock, status) for knock, status in fuzzer.send(number, line)]
            except (OSError, http.client.HTTPException) as error:
                broken.append(f"#{number}: no answer: {error!r}")
        line.close()
        return results

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for results in pool.map(run, range(CONNECTIONS)):
            statuses.update(status for _, _, status in results)
            broken += [f"#{n}: {status} {knock}" for n, knock, status in results if status >= 500]
    print(f"{statuses.total()} requests: {dict(sorted(statuses.items()))}")
    assert not broken, f"seed {SEED}, {len(broken)} broken:\n" + "\n".join(broken[:10])
    assert {200, 303, 400, 401, 403, 404, 410} <= set(statuses)
    assert not exceptions(web), "\n".join(exceptions(web)[:5])
    assert _accepted(web)
    for key in _accepted(web):
        # One that does not parse would stop the search for all that are left lying.
        assert all(Conversation.from_key(key)), key


def _accepted(web: World) -> list[str]:
    """The keys of the conversations in which something is to do."""
    assert web.redis
    with redis.Redis.from_url(web.redis.url) as state:
        return [key.decode() for key in state.zrange("open", 0, -1)]


def exceptions(web: World) -> list[str]:
    assert web.bot.web
    lines = web.bot.web.output().splitlines()
    return [line for line in lines if "Traceback" in line or '"exception"' in line]
