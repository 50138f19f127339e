"""What tests everywhere need: a certificate authority, and a browser to look at pages with."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.fidelity import checks, recordings

FIDELITY: pytest.StashKey[tuple[int, list[str]]] = pytest.StashKey()
ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 30_000
"""Milliseconds until what a page should show counts as missing, on the slowest machine."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def scalekit_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One certificate authority for the session: gRPC reads its roots once per process."""
    return tmp_path_factory.mktemp("ca")


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where pictures of what tests saw are kept."""
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the session: Playwright's loop would be running in everybody else's tests.
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to have a Chromium")
        pytest.skip("there is no Chromium or Chrome on this machine")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def _runs_the_tests_of_all(config: pytest.Config) -> bool:
    """Whether this process is the one that sees the whole run, not one of its workers."""
    return not hasattr(config, "workerinput")


def pytest_sessionstart(session: pytest.Session) -> None:
    if _runs_the_tests_of_all(session.config):
        recordings.forget()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """All that the worlds of this run have sent is held against what the services' makers ship."""
    calls = recordings.kept() if _runs_the_tests_of_all(session.config) else []
    if not calls:
        return
    problems = checks.problems(calls)
    session.config.stash[FIDELITY] = (len(calls), problems)
    if problems:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    checked, problems = terminalreporter.config.stash.get(FIDELITY, (0, []))
    if checked:
        terminalreporter.section("fidelity")
        terminalreporter.line(f"{checked} kinds of calls, {len(problems)} that would be refused")
        for problem in problems:
            terminalreporter.line(f"REFUSED {problem}")
