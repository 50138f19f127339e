"""Addresses that may have a password in them, and what of them may be shown."""

from urllib.parse import parse_qsl, unquote

HIDDEN = "…"


def without_secrets(value: str) -> str:
    """A URL without its user, password, query and fragment; any other text as it is."""
    scheme, found, rest = value.partition("://")
    if not found:
        return value
    # A password that was not quoted may hold a slash, a question mark or a hash sign.
    _, at, rest = rest.rpartition("@")
    rest, *more = rest.replace("#", "?").split("?", 1)
    return f"{scheme}://{HIDDEN + at if at else ''}{rest}{'?' + HIDDEN if more else ''}"


def secrets_in(value: str) -> list[str]:
    """The passwords in a URL, as they are written there and as they are meant."""
    _, found, rest = value.partition("://")
    userinfo, _, _ = rest.rpartition("@")
    _, _, password = userinfo.partition(":")
    _, _, query = rest.partition("?")
    queried = [text for name, text in parse_qsl(query) if name == "password"]
    return [text for text in (password, unquote(password), *queried) if found and text]
