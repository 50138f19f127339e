"""Bolt's app, made from what it is given and nothing else."""

import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

Authorize = Callable[..., Awaitable[AuthorizeResult]]
OF_BOLT = ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_VERIFICATION_TOKEN")
"""What Bolt takes from the environment by itself (slack_bolt.app.async_app, 1.30). It would keep
installations in files and warn of tokens that it does not use."""


def new_bolt_app(signing_secret: str, api_url: str, authorize: Authorize) -> AsyncApp:
    """An app without listeners. An event is answered once its listener is done.

    Args:
        signing_secret: What requests are signed with.
        api_url: Slack's Web API, for opening a socket.
        authorize: Which token an event is handled with.
    """
    with _without(OF_BOLT):
        return AsyncApp(
            # No token: `authorize` gives one, and Bolt warns of a client that has one as well.
            client=AsyncWebClient(base_url=api_url),
            signing_secret=signing_secret,
            authorize=authorize,
            process_before_response=True,
            logger=logging.getLogger("slack_bolt"),
        )


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    hidden = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)
