"""`bot demo` as a process, and headless Chromium to look at its page."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from demo_process import ROOT, demo_environment
from playwright.sync_api import Browser, Page

from bot.sandbox.processes import free_port


@pytest.fixture(scope="session")
def demo_url() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "bot", "demo", "--no-browser", "--port", str(port)]
    demo = subprocess.Popen(
        command, env=demo_environment(), stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert demo.stdout
    line = demo.stdout.readline()
    assert f"http://127.0.0.1:{port}" in line
    yield f"http://127.0.0.1:{port}"
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(60) == 0


@pytest.fixture
def page(browser: Browser, demo_url: str) -> Iterator[Page]:
    """The demo's page; the test fails if it writes an error to the console."""
    context = browser.new_context(viewport={"width": 1400, "height": 860})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.set_default_timeout(20_000)
    page.goto(demo_url)
    page.get_by_role("heading", name="Northwind Support").wait_for()
    yield page
    context.close()
    assert problems == []
