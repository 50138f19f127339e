"""The whole sandbox: Slack, Scalekit, Intercom and Claude, ready for the bot's processes."""

from pathlib import Path

import yaml

from bot.manifest import manifest_text
from bot.sandbox.claude import ClaudeSandbox
from bot.sandbox.claude.planner import plan
from bot.sandbox.intercom import IntercomSandbox
from bot.sandbox.processes import free_port
from bot.sandbox.scalekit import ScalekitSandbox
from bot.sandbox.slack import SlackSandbox


class Sandbox:
    """Four stand-ins on loopback, and the address at which they expect the bot's web process."""

    def __init__(
        self,
        folder: Path,
        *,
        pace: float = 0.0,
        rate_limits: bool = True,
        retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0),
    ) -> None:
        """`folder`: where the CA goes. `pace`: seconds between Claude's pieces of text.
        `retry_delays`: when Slack repeats a delivery that was not taken, in seconds."""
        self.web_port = free_port()
        self.public_url = f"http://127.0.0.1:{self.web_port}"
        self.intercom = IntercomSandbox()
        self.scalekit = ScalekitSandbox(self.intercom, ca_directory=folder)
        self.claude = ClaudeSandbox(pace=pace, planner=plan)
        self.slack = SlackSandbox(
            yaml.safe_load(manifest_text(self.public_url)),
            rate_limits=rate_limits,
            retry_delays=retry_delays,
        )

    def start(self) -> None:
        for service in (self.scalekit, self.claude, self.slack):
            service.start()
        self.slack.events_url = self.public_url + "/slack/events"

    def stop(self) -> None:
        for service in (self.slack, self.claude, self.scalekit):
            service.stop()

    def env(self, redis_url: str) -> dict[str, str]:
        """The bot's settings for this sandbox."""
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_CLIENT_ID": self.slack.client_id,
            "SLACK_CLIENT_SECRET": self.slack.client_secret,
            "SLACK_API_URL": self.slack.url + "/api/",
            "REDIS_URL": redis_url,
            "PUBLIC_URL": self.public_url,
            "PORT": str(self.web_port),
            "BIND_ADDRESS": "127.0.0.1",
            "SCALEKIT_WEBHOOK_SECRET": self.scalekit.webhook_secret,
            **self.claude.env(),
            **self.scalekit.env(),
        }
