"""Addresses are written as browsers read them, and show where they lead."""

import pytest

from bot.intercom.addresses import LONGEST_ADDRESS, address, host_of

ALL = frozenset({"http", "https", "mailto"})


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("https://x.example/a?b=c#d", "https://x.example/a?b=c#d"),
        ("  HTTPS://X.Example/A ", "https://x.example/A"),
        ("ht\ntps://x.exa\tmple", "https://x.example"),
        ("https:\\\\evil.example\\a?b\\c", "https://evil.example/a?b%5Cc"),
        ("https:////evil.example", "https://evil.example"),
        ("https://good.example@evil.example/", "https://good.example@evil.example/"),
        ("https://a@good.example@evil.example/", "https://a%40good.example@evil.example/"),
        ("https://ex\u0430mple.com/", "https://xn--exmple-4nf.com/"),
        ("https://fa\xdf.example/", "https://xn--fa-hia.example/"),
        ("https://\uff45vil\u3002example/", "https://evil.example/"),
        ("https://%65vil.example/", "https://evil.example/"),
        ("https://x.example/\u202egpj.exe", "https://x.example/%E2%80%AEgpj.exe"),
        ("https://x.example/\u05d0/\u306f\u3058", "https://x.example/%D7%90/\u306f\u3058"),
        ("https://x.example/a b\"<>'|", "https://x.example/a%20b%22%3C%3E%27%7C"),
        ("https://[::1]:8080/", "https://[::1]:8080/"),
        ("mailto:help@x.example?subject=a b", "mailto:help@x.example?subject=a%20b"),
    ],
)
def test_an_address_is_written_as_a_browser_reads_it(given: str, written: str) -> None:
    assert address(given, ALL) == written
    assert address(written, ALL) == written


@pytest.mark.parametrize(
    "given",
    [
        "", "x", "/x", "//evil.example", "#h", "?q", "https:evil.example", "https:/evil.example",
        "javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "tel:+1", "ftp://x",
        "https://", "https:///", "https://@/", "https://a b/", "https://a%2Fb/", "https://a%00b/",
        "https://a:b:c/", "https://x.example:port/", "https://%ff/", "mailto:", "vbscript:x",
        f"https://x.example/{'y' * LONGEST_ADDRESS}", "https://" + "\u0430" * 64 + ".example/",
        "https://x.example/" + "\u202e" * 300,
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_no_address(given: str) -> None:
    assert address(given, ALL) is None


def test_only_the_schemes_that_are_asked_for() -> None:
    assert address("http://x.example/", frozenset({"https"})) is None
    assert address("mailto:a@x.example", frozenset({"https"})) is None


def test_the_host_is_what_comes_behind_names_and_before_ports() -> None:
    assert host_of("https://good.example@evil.example:8443/x") == "evil.example"
    assert host_of("mailto:a@x.example") == ""
