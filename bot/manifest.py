"""The Slack app's manifest, with this deployment's address in it."""

from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

PLACEHOLDER = "https://YOUR-PUBLIC-URL"
RIGHT_FORM = "It has to look like https://agent.example.com"


class BadAddress(Exception):
    """Slack could not reach this address. The text says why, and what it has to look like."""


def manifest_path() -> Path:
    """`manifest.yml` inside the package where it was installed, beside it in the repository."""
    package = Path(str(files("bot")))
    inside = package / "manifest.yml"
    return inside if inside.exists() else package.parent / "manifest.yml"


def manifest_text(public_url: str) -> str:
    return manifest_path().read_text("utf-8").replace(PLACEHOLDER, public_url.rstrip("/"))


def public_address(given: str) -> str:
    """In: what an operator gave as PUBLIC_URL. Out: the address without a slash at its end.

    Slack sends events to https addresses that it can reach only, and the app's paths begin at the
    address' root. Raises BadAddress.
    """
    try:
        parts = urlsplit(given.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise BadAddress(f"it is no address. {RIGHT_FORM}") from None
    why = _why_not(parts.scheme, host)
    if not why and "@" in parts.netloc:
        why = "there is a user name in it"
    if not why and (parts.path.strip("/") or parts.query or parts.fragment):
        why = f"nothing may follow {parts.netloc}"
    if why:
        raise BadAddress(f"{why}. {RIGHT_FORM}")
    return f"https://{parts.netloc}"


def _why_not(scheme: str, host: str) -> str:
    if scheme == "http":
        return "Slack takes https only"
    if scheme != "https" or not host:
        return "https:// and a host name are missing"
    if host == "localhost" or host.endswith(".localhost"):
        return f"Slack cannot reach {host}; a tunnel gives this machine an https address"
    try:
        address = ip_address(host)
    except ValueError:
        is_a_name = "." in host and not any(sign.isspace() for sign in host)
        return "" if is_a_name else f"{host} is not a name that Slack can reach"
    return "" if address.is_global else f"Slack cannot reach {host}"
