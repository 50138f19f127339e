"""Addresses of links and pictures: written in the one way in which they are sent and shown."""

import re
import unicodedata
from urllib.parse import unquote

LONGEST_ADDRESS = 2000
"""Characters; more than any browser or service promises to take, and a bound for repeated links."""

_TRIMMED = "".join(map(chr, range(0x21)))
_WEB = re.compile(r"(https?):[/\\]{2,}([^/\\?#]*)([^?#]*)(.*)", re.I | re.S)
_MAIL = re.compile(r"mailto:(.+)", re.I | re.S)
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\"'<>\\^`{|}\[\]]|[^\x00-\x7f]")


def address(given: str, schemes: frozenset[str]) -> str | None:
    """An absolute address as browsers read it, in plain letters.

    Scheme and host in lower case, a foreign alphabet's host in punycode, backslashes as the
    slashes that browsers take them for, and percent signs for whatever could break a line, end
    the address or turn it around. User names before the host stay, to be seen.

    Args:
        given: What stood in `href` or `src`.
        schemes: Those allowed, of `http`, `https` and `mailto`.

    Returns:
        None for what has no such scheme, no host, a host that is none, or is too long.
    """
    given = re.sub(r"[\t\r\n]", "", given.strip(_TRIMMED))
    if len(given) > LONGEST_ADDRESS:
        return None
    if mail := _MAIL.fullmatch(given):
        rest = _encoded(mail[1])
        whole = f"mailto:{rest}"
        return whole if "mailto" in schemes and len(whole) <= LONGEST_ADDRESS else None
    web = _WEB.fullmatch(given)
    if not web or web[1].lower() not in schemes:
        return None
    user, at, host = web[2].rpartition("@")
    host = _host(host)
    if not host:
        return None
    user = _UNSAFE.sub(_percent, user).replace("@", "%40") if at else ""
    path = _encoded(web[3].replace("\\", "/"))
    whole = f"{web[1].lower()}://{user}{at}{host}{path}{_encoded(web[4])}"
    return whole if len(whole) <= LONGEST_ADDRESS else None


def host_of(address: str) -> str:
    """The host of an address that `address` wrote; empty for mail."""
    web = _WEB.fullmatch(address)
    return re.sub(r":[0-9]+$", "", web[2].rpartition("@")[2]) if web else ""


def _host(host: str) -> str:
    """As browsers read it (UTS 46: compatibility forms mapped, letters folded), or nothing."""
    try:
        host = unicodedata.normalize("NFKC", unquote(host, errors="strict").lower())
    except UnicodeDecodeError:
        return ""
    host = unicodedata.normalize("NFC", re.sub("[\u3002\uff0e\uff61]", ".", host).lower())
    labels = []
    for label in host.split("."):
        if not label.isascii():
            if len(label) > 63 or not all(c == "-" or _word(c) for c in label):
                return ""
            label = "xn--" + label.encode("punycode").decode("ascii")
        labels.append(label)
    host = ".".join(labels)
    return host if len(host) <= 260 and _HOST.fullmatch(host) else ""


def _encoded(text: str) -> str:
    """Letters and digits of scripts that run from left to right stay readable."""
    return _UNSAFE.sub(
        lambda found: found[0] if not found[0].isascii() and _plain(found[0]) else _percent(found),
        text,
    )


def _plain(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Ll", "Lu", "Lt", "Lo", "Nd")
        and unicodedata.bidirectional(character) in ("L", "EN")
        and character not in "\u115f\u1160\u3164\uffa0"
    )


def _word(character: str) -> bool:
    return (character.isascii() and character.isalnum()) or unicodedata.category(character)[
        0
    ] in "LMN"


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace"))
