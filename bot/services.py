"""Everything that web and worker are made of, put together in one place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from docket import Docket

from bot.accounts.connecting import Connecting
from bot.accounts.scalekit import Scalekit
from bot.accounts.sign_in import SignIn
from bot.accounts.teammates import Teammates
from bot.settings import Settings
from bot.slack.api.cache import Cache
from bot.slack.api.channels import Channels
from bot.slack.api.workspace import Workspaces
from bot.slack.client import Client, open_client
from bot.slack.inbound.access import Access
from bot.slack.limits import SlackLimits
from bot.slack.people import People
from bot.state.audit import Audit
from bot.state.engine import open_engine
from bot.state.lines import Lines
from bot.state.metrics import Metrics
from bot.state.models import Conversation
from bot.state.once import Once
from bot.state.private_threads import PrivateThreads
from bot.state.profiles import Profiles
from bot.state.queue import Queue
from bot.state.relocation import Relocation
from bot.state.sealing import Seal
from bot.state.store import Store


@dataclass(frozen=True)
class Services:
    settings: Settings
    docket: Docket
    store: Store
    profiles: Profiles
    lines: Lines
    audit: Audit
    metrics: Metrics
    queue: Queue
    seal: Seal
    slack: Client
    workspaces: Workspaces
    people: People
    channels: Channels
    access: Access
    private_threads: PrivateThreads
    relocation: Relocation
    scalekit: Scalekit
    teammates: Teammates
    connecting: Connecting
    sign_in: SignIn

    async def erase(self, identifier: str, conversation: Conversation) -> None:
        """All that there is of a conversation: nothing of it is kept, runs or stands in line."""
        await self.store.erase(identifier, conversation)
        await self.lines.drop(identifier, conversation)


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Raises `redis.exceptions.RedisError` when Redis cannot be reached."""
    async with open_engine(settings.redis_url, settings.worker_concurrency) as docket:
        store = Store(docket, settings.conversation_ttl)
        profiles = Profiles(docket, settings.conversation_ttl)
        scalekit = Scalekit(settings)
        seal = Seal(settings.slack_signing_secret.get_secret_value())
        metrics = Metrics(docket)
        token = settings.slack_bot_token.get_secret_value()
        limits = SlackLimits(docket, token, settings.slack_limits_factor)
        slack = open_client(settings, limits, metrics)
        cache = Cache(docket, token)
        workspaces, people = Workspaces(slack, cache), People(slack, cache)
        yield Services(
            settings=settings,
            docket=docket,
            store=store,
            profiles=profiles,
            lines=Lines(docket, settings.runs_at_once, settings.runs_per_teammate),
            audit=Audit(docket, settings.audit_ttl),
            metrics=metrics,
            queue=Queue(docket),
            seal=seal,
            slack=slack,
            workspaces=workspaces,
            people=people,
            channels=Channels(slack, cache),
            access=Access(settings, workspaces, people),
            private_threads=PrivateThreads(docket, settings.conversation_ttl),
            relocation=Relocation(docket, settings.conversation_ttl),
            scalekit=scalekit,
            teammates=Teammates(scalekit, profiles),
            connecting=Connecting(settings, scalekit, profiles, Once(docket), seal),
            sign_in=SignIn(settings),
        )
