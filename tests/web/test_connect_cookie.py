"""The cookie that tells the browser in which somebody connects from all others."""

from http.cookies import SimpleCookie

from starlette.requests import Request
from starlette.responses import Response

from bot.accounts.steps import Browser, PendingSignIn
from bot.state.models import PendingConnection
from bot.state.sealing import Seal
from bot.web.connect_cookie import ConnectCookie, began_here

SEAL = Seal("secret")


def kept(cookie: ConnectCookie, browser: Browser) -> tuple[str, SimpleCookie]:
    answer = Response()
    cookie.keep(answer, browser)
    header = answer.headers["set-cookie"]
    return header, SimpleCookie(header)


def asked(header: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", header.partition(";")[0].encode())]})


def test_over_https_no_other_host_and_nobody_on_the_way_can_set_it() -> None:
    header, parsed = kept(ConnectCookie(SEAL, is_https=True), Browser())
    [(name, morsel)] = parsed.items()
    assert name.startswith("__Host-")
    assert (morsel["path"], morsel["domain"]) == ("/", "")
    assert morsel["secure"]
    assert morsel["httponly"]
    assert morsel["samesite"] == "lax"
    assert "Domain" not in header


def test_over_http_on_a_laptop_it_works_without_the_prefix() -> None:
    cookie, browser = ConnectCookie(SEAL, is_https=False), Browser()
    header, parsed = kept(cookie, browser)
    assert [*parsed] == ["connecting"]
    assert not parsed["connecting"]["secure"]
    assert cookie.read(asked(header)) == browser


def test_a_cookie_of_another_secret_or_release_is_no_browser() -> None:
    cookie = ConnectCookie(SEAL, is_https=False)
    foreign, _ = kept(ConnectCookie(Seal("other"), is_https=False), Browser())
    former = f"connecting={SEAL.close('a-browser-of-the-former-release')}"
    for header in (foreign, former, "connecting=", "connecting=x", "other=1"):
        assert cookie.read(asked(header)) is None


def test_signing_in_draws_a_new_secret_and_a_second_tab_keeps_it() -> None:
    planted = Browser(began="known", signed_in="known", who="slack:T1:U2")
    first = planted.after_sign_in("slack:T1:U1")
    assert first.signed_in not in ("", "known")
    assert first.after_sign_in("slack:T1:U1") == first
    assert first.after_sign_in("slack:T1:U2").signed_in not in (first.signed_in, "known")


def test_an_empty_secret_is_nobodys() -> None:
    pending = PendingConnection(team_id="T", enterprise_id=None, user_id="U", identifier="i")
    step = PendingSignIn(link="l", connection=pending, nonce="n", began="")
    assert not began_here(Browser(began=""), step.began)
    assert not began_here(None, "x")
