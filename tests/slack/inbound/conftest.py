"""A front door for each test, with guests let in or not."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import yaml
from front_door import FrontDoor, Opening

from bot.manifest import manifest_text
from bot.sandbox.slack import SlackSandbox
from bot.services import open_services
from bot.settings import Settings


@pytest.fixture
async def opening() -> AsyncIterator[Opening]:
    """Opens one. `without`: scopes that were not granted; the rest: settings."""
    async with AsyncExitStack() as stack:

        async def open_door(without: tuple[str, ...] = (), **settings: Any) -> FrontDoor:
            manifest = yaml.safe_load(manifest_text("https://bot.example"))
            scopes = manifest["oauth_config"]["scopes"]
            scopes["bot"] = [scope for scope in scopes["bot"] if scope not in without]
            slack = SlackSandbox(manifest, rate_limits=False)
            slack.start()
            stack.callback(slack.stop)
            values: dict[str, Any] = {
                "slack_bot_token": slack.bot_token,
                "slack_signing_secret": slack.signing_secret,
                "slack_client_id": slack.client_id,
                "slack_client_secret": slack.client_secret,
                "slack_api_url": slack.url + "/api/",
                "slack_limits_factor": 20,
                "anthropic_api_key": "none",
                "scalekit_environment_url": "https://127.0.0.1:1",
                "scalekit_client_id": "none",
                "scalekit_client_secret": "none",
                "redis_url": "memory://",
                "public_url": "https://bot.example",
                **settings,
            }
            services = await stack.enter_async_context(
                open_services(Settings(_env_file=None, **values))
            )
            async with services.docket.redis() as redis:
                for key in await redis.keys("*"):
                    await redis.delete(key)
            return FrontDoor(slack, services)

        yield open_door


@pytest.fixture
async def door(opening: Opening) -> FrontDoor:
    return await opening()
