"""How the demo's tests run it."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def demo_environment(**changes: str) -> dict[str, str]:
    """The environment, without what would make the demo use real services."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANTHROPIC_", "REDIS_"))}
    return {**kept, "PYTHONPATH": str(ROOT), **changes}
