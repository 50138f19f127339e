"""The whole thing, as people use it: web and worker as processes, the sandbox around them."""

import html
import json
from copy import copy
from http.cookiejar import Cookie, CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

import pytest
import redis

from bot.accounts.identity import SlackUser
from bot.sandbox.claude.sandbox import first_user_text
from bot.sandbox.people import Person
from bot.sandbox.processes import BotProcesses, RedisServer
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack import SUPPORT, Message
from tests.fidelity import harmless, recordings

METRICS_TOKEN = "the-scraper's-token"


def identifier(person: Person) -> str:
    return SlackUser(person.slack_team_id, person.slack_user_id).identifier


def is_consent(url: str) -> bool:
    """Whether this is Intercom's consent, as Scalekit's links lead to it."""
    path = urlsplit(url).path
    return (
        path.startswith("/connect/") and path.count("/") == 2 and len(path) > len("/connect/") + 20
    )


def way_on(page: str) -> str:
    """Where the page's button leads."""
    return html.unescape(page.partition('class="on" href="')[2].partition('"')[0])


class Stay(HTTPRedirectHandler):
    """Tells where it would go."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Browser:
    """Somebody's browser: it follows redirects and keeps its cookies."""

    def __init__(self) -> None:
        self._jar = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._jar))
        self.last = ""
        """Where it is."""

    def cookies(self) -> list[Cookie]:
        return list(self._jar)

    def open(self, url: str) -> tuple[str, str]:
        """Out: where it ended up, and the page's text."""
        try:
            with self._opener.open(url, timeout=20) as answer:
                self.last = answer.url
                return answer.url, answer.read().decode()
        except HTTPError as error:
            return error.url or url, error.read().decode()

    def redirected(self, url: str) -> str:
        """Where this address sends the browser, without going there."""
        try:
            build_opener(HTTPCookieProcessor(self._jar), Stay).open(url, timeout=20)
        except HTTPError as error:
            return str(error.headers["Location"])
        raise AssertionError(f"{url} leads nowhere else")

    def plant(self, cookie: Cookie) -> None:
        """Give it another browser's cookie."""
        self._jar.set_cookie(copy(cookie))

    def went_to(self, url: str) -> str:
        """Where it ended up."""
        return self.open(url)[0]

    def send(self, url: str, origin: str = "", **form: str) -> tuple[str, str]:
        """Send a form. Out: where it ended up, and the page's text."""
        headers = {"Origin": origin} if origin else {}
        request = Request(url, urlencode(form).encode(), headers)
        try:
            with self._opener.open(request, timeout=20) as answer:
                self.last = answer.url
                return answer.url, answer.read().decode()
        except HTTPError as error:
            return error.url or url, error.read().decode()

    def sign_in(self, link: str, user_id: str) -> tuple[str, str]:
        """Open a link for connecting and sign in with Slack as `user_id`. Out: where it ended up
        (Intercom's consent, if all is well), and the page's text."""
        where, text = self.open(link)
        if "/openid/connect/authorize" not in where:
            return where, text
        return self.open(f"{where}&sandbox_user={user_id}")

    def agree(self, consent: str, admin_id: str) -> str:
        """Agree at Intercom, signed in there as this admin. Out: the last page."""
        return self.send(consent, decision="authorize", admin=admin_id)[1]

    def connect(self, link: str, person: Person, admin: Person | None = None) -> str:
        """The whole way, with this person's Intercom or somebody else's. Out: the last page."""
        where, text = self.sign_in(link, person.slack_user_id)
        if not is_consent(where):
            return text
        return self.agree(where, str((admin or person).intercom_admin_id))

    def not_me(self, world: "World", page: str, origin: str | None = None) -> str:
        """Press *That's not me* on the last page. Out: the page that follows."""
        token = page.partition('name="token" value="')[2].partition('"')[0]
        url = world.sandbox.public_url
        return self.send(f"{url}/connect/not-me", url if origin is None else origin, token=token)[1]


class World:
    def __init__(
        self,
        folder: Path,
        *,
        embedded: bool,
        settings: dict[str, str],
        rate_limits: bool = False,
        socket_mode: bool = False,
    ) -> None:
        """`rate_limits`: Slack's are as they really are; else there are none. `socket_mode`: the
        bot takes Slack's events over a socket too."""
        self.folder = folder
        self.sandbox = Sandbox(folder, rate_limits=rate_limits, retry_delays=(0.0, 3.0, 6.0))
        self.redis = None if embedded else RedisServer(folder)
        self._settings = {
            "SLACK_LIMITS_FACTOR": "1" if rate_limits else "20",
            "METRICS_TOKEN": METRICS_TOKEN,
            "INTERCOM_CLIENT_SECRET": "what Intercom signs with",
            **({"SLACK_APP_TOKEN": self.sandbox.slack.app_token} if socket_mode else {}),
            **settings,
        }
        self.slack = self.sandbox.slack
        self.scalekit = self.sandbox.scalekit
        self.intercom = self.sandbox.intercom
        self.claude = self.sandbox.claude

    def start(self, workers: int = 1) -> None:
        self.sandbox.start()
        if self.redis:
            self.redis.start()
        url = self.redis.url if self.redis else "memory://"
        self.bot = BotProcesses({**self.sandbox.env(url), **self._settings}, self.folder)
        self.bot.start(workers)

    def stop(self) -> None:
        self.bot.stop()
        recordings.keep(self.sandbox)
        found = harmless.problems(harmless.sent_to(self.slack), self.slack.url)
        if self.redis:
            self.redis.stop()
        self.sandbox.stop()
        assert not found, "Sent to Slack, and not harmless:\n" + "\n".join(found)

    def connect(self, *people: Person) -> None:
        for person in people:
            assert person.intercom_admin_id
            self.scalekit.connect(identifier(person), person.intercom_admin_id)
            # Connected behind the bot's back: a button that another test left would still count.
            if self.redis:
                with redis.Redis.from_url(self.redis.url) as client:
                    client.delete(f"button:{identifier(person)}")

    def disconnect(self, person: Person) -> None:
        """What a connected person does in App Home; nothing of the account is kept afterwards."""
        self.slack.open_home(person.slack_user_id)
        self.slack.wait(lambda: "home_disconnect" in self.home(person), what="the button")
        told = len(self.told(person, "What remains"))
        self.slack.click_home(person.slack_user_id, "home_disconnect")
        self.slack.wait(lambda: len(self.told(person, "What remains")) > told, what="the end")
        self.slack.wait(lambda: "home_connect" in self.home(person), what="Home to change")

    def connect_button(self, person: Person, since: str) -> Message:
        """The one that this person was sent after the message `since`, once it is there."""
        dm = self.slack.dm(person.slack_user_id)

        def sent() -> list[Message]:
            found = [m for m in self.slack.messages(dm) if "Connect your Intercom" in m.text]
            return [m for m in found if float(m.ts) > float(since)]

        return self.slack.wait(sent, what="the connect button")[-1]

    def audit(self) -> list[dict[str, Any]]:
        """The audit's entries, the oldest first; skips the test where Redis is embedded in web."""
        if self.redis is None:
            pytest.skip("the audit cannot be read from outside of an embedded Redis")
        with redis.Redis.from_url(self.redis.url) as client:
            return [json.loads(fields[b"entry"]) for _, fields in client.xrange("audit")]

    def keys_with(self, part: str) -> list[str]:
        """The keys in Redis that contain this; skips the test where Redis is embedded in web."""
        if self.redis is None:
            pytest.skip("an embedded Redis cannot be looked into from outside")
        with redis.Redis.from_url(self.redis.url) as client:
            return sorted(key.decode() for key in client.scan_iter(f"*{part}*"))

    def hash(self, key: str) -> dict[str, str]:
        """A hash in Redis. Needs a Redis server."""
        assert self.redis
        with redis.Redis.from_url(self.redis.url, decode_responses=True) as client:
            return dict(client.hgetall(key))

    def told(self, person: Person, text: str) -> list[Message]:
        """The bot's direct messages to this person that contain the text, oldest first."""
        dm = self.slack.dm(person.slack_user_id)
        found = self.slack.messages(dm)
        return [m for m in found if m.user == self.slack.bot_user_id and text in m.plain]

    def private(self, person: Person, text: str) -> list[Message]:
        """What only this person sees and contains the text, oldest first."""
        return [m for m in self.slack.ephemerals(person.slack_user_id) if text in m.plain]

    def home(self, person: Person) -> str:
        """App Home's text and labels as this person sees them; empty before it is published."""
        view = self.slack.home(person.slack_user_id)
        return json.dumps(view["blocks"], ensure_ascii=False) if view else ""

    def prefer(self, person: Person, approvals: str) -> None:
        """Choose what waits for approval, in App Home."""
        user = person.slack_user_id
        self.slack.open_home(user)
        self.slack.wait(lambda: "approvals_preference" in self.home(person), what="Home")
        self.slack.click_home(user, "approvals_preference", value=approvals)
        self.slack.wait(lambda: self.preferred(person) == approvals, what="the choice to show")

    def preferred(self, person: Person, what: str = "approvals_preference") -> str:
        view = self.slack.home(person.slack_user_id)
        elements = [block.get("accessory", {}) for block in view["blocks"]] if view else []
        [select] = [e for e in elements if e.get("action_id") == what]
        return str(select["initial_option"]["value"])

    def mention(
        self, person: Person, text: str, channel: str = SUPPORT, thread: str | None = None
    ) -> str:
        """Out: the ts of what was posted."""
        mention = f"<@{self.slack.bot_user_id}> {text}"
        return self.slack.post(person.slack_user_id, channel, mention, thread_ts=thread)

    def delivered(self, ts: str) -> None:
        """Wait until the bot has taken this message."""

        def taken() -> bool:
            return any(
                delivery.accepted
                for delivery in self.slack.deliveries
                if delivery.payload.get("event", {}).get("ts") == ts
            )

        self.slack.wait(taken, what="the delivery")

    def answers(self, channel: str, thread: str) -> list[Message]:
        """The bot's messages in a thread."""
        messages = self.slack.thread(channel, thread)
        return [m for m in messages if m.user == self.slack.bot_user_id and m.ts != thread]

    def ended(self, channel: str, thread: str, answers: int = 1) -> list[Message]:
        """The bot's messages, once there are that many and the session is no longer at work."""

        def there() -> list[Message] | None:
            messages = self.answers(channel, thread)
            at_work = self.slack.session(channel, thread).lifecycle != "active"
            streaming = any(message.streaming == "streaming" for message in messages)
            return None if at_work or streaming or len(messages) < answers else messages

        return self.slack.wait(there, timeout=60, what=f"{answers} answers in {thread}")

    def asked_of_claude(self, text: str) -> list[dict[str, Any]]:
        """The bodies of Claude's requests whose conversation began with `text`."""
        return [
            recorded.body
            for recorded in self.claude.requests
            if text in first_user_text(recorded.body)
        ]


def button_link(message: Message) -> str:
    return next(
        element["url"]
        for block in message.blocks
        for element in block.get("elements", [])
        if "url" in element
    )
