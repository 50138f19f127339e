"""The Slack app's manifest, with this deployment's address in it."""

from importlib.resources import files
from pathlib import Path

PLACEHOLDER = "https://YOUR-PUBLIC-URL"


def manifest_path() -> Path:
    """`manifest.yml` beside the package, or inside it where the package was installed."""
    beside = Path(str(files("bot"))).parent / "manifest.yml"
    return beside if beside.exists() else Path(str(files("bot"))) / "manifest.yml"


def manifest_text(public_url: str) -> str:
    return manifest_path().read_text().replace(PLACEHOLDER, public_url.rstrip("/"))
