"""Starting it all, and ending it all."""

import os
import shutil
import signal
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bot.sandbox.demo.database import own_database
from bot.sandbox.demo.say import say_and_print
from bot.sandbox.demo.server import make_app
from bot.sandbox.processes import BotProcesses, DidNotStart, RedisServer, temporary_folder
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.serving import Serving

PACE = 0.02
CLAUDE = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL")


def run_demo(*, port: int, browser: bool, say: str) -> int:
    """Run until Ctrl-C or SIGTERM; with `say`, ask one thing, print the thread and return.

    Out: the exit code.
    """
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    try:
        with _running(pace=0.0 if say else PACE) as (sandbox, redis):
            if say:
                return say_and_print(sandbox, say)
            try:
                page = Serving(make_app(sandbox), port)
            except OSError:
                sys.stderr.write(f"Port {port} is taken. Choose another one with --port.\n")
                return 1
            page.start()
            url = f"http://127.0.0.1:{page.port}"
            claude = "the real Claude" if _real_claude() else "a small planner in Claude's place"
            sys.stdout.write(f"The demo is at {url} ({redis}; {claude}). Ctrl-C ends it.\n")
            sys.stdout.flush()
            if browser:
                webbrowser.open(url)
            ended.wait()
            page.stop()
            return 0
    except DidNotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1


@contextmanager
def _running(pace: float) -> Iterator[tuple[Sandbox, str]]:
    """The sandbox with the bot's processes. Out: it, and which Redis it uses, in words."""
    with ExitStack() as stack:
        folder = temporary_folder()
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        sandbox = Sandbox(folder, pace=pace)
        sandbox.start()
        stack.callback(sandbox.stop)
        url, words = _redis(stack, folder)
        environment = {**sandbox.env(url), **_overrides()}
        processes = BotProcesses(environment, folder)
        stack.callback(processes.stop)
        processes.start()
        sandbox.scalekit.webhook_url = sandbox.public_url + "/scalekit/webhooks"
        yield sandbox, words


def _redis(stack: ExitStack, folder: Path) -> tuple[str, str]:
    url = os.environ.get("REDIS_URL", "")
    if url and not url.startswith("memory://"):
        own = stack.enter_context(own_database(url))
        return own, "the Redis of REDIS_URL, in a database of its own"
    if url or not RedisServer.is_installed():
        return "memory://", "an embedded Redis"
    server = RedisServer(folder)
    server.start()
    stack.callback(server.stop)
    return server.url, "a Redis server of its own"


def _real_claude() -> bool:
    return bool(os.environ.get("ANTHROPIC_API_KEY"))


def _overrides() -> dict[str, str]:
    """What the demo takes from the environment. Its writes reach nothing but the sandbox."""
    approvals = {"APPROVALS": os.environ.get("APPROVALS", "writes")}
    if not _real_claude():
        return approvals
    base = {"ANTHROPIC_BASE_URL": "https://api.anthropic.com"}
    return approvals | base | {key: os.environ[key] for key in CLAUDE if key in os.environ}
