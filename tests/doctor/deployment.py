"""What the tests know of the deployment that they look at."""

from typing import Any

from bot.sandbox.sandbox import Sandbox
from bot.settings import Settings


class Deployment:
    def __init__(self, sandbox: Sandbox, environment: dict[str, str]) -> None:
        self.sandbox = sandbox
        self.environment = environment

    def settings(self, **changes: Any) -> Settings:
        values = {name.lower(): value for name, value in self.environment.items()}
        return Settings(_env_file=None, **{**values, **changes})
