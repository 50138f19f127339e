"""The bot's own processes, and a Redis for them, started on loopback and ended with their owner."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

STARTS_WITHIN = 60.0
ENDS_WITHIN = 30.0


class DidNotStart(Exception):
    """A process ended or did not become ready in time; the text holds the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Process:
    """One child process, its output kept in a file."""

    def __init__(
        self,
        arguments: list[str],
        environment: Mapping[str, str],
        log: Path,
        folder: Path | None = None,
    ) -> None:
        """`folder`: where it runs; None: here."""
        self.log = log
        with log.open("ab") as output:
            self._child = subprocess.Popen(  # noqa: S603
                arguments,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self._child.poll() is None

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self) -> int:
        """SIGTERM, and SIGKILL if that does not help. Out: the exit code."""
        if self.is_running:
            self._child.terminate()
        try:
            return self._child.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """SIGKILL: no chance to clean up."""
        if self.is_running:
            self._child.send_signal(signal.SIGKILL)
        return self._child.wait()


class RedisServer:
    """A `redis-server` of Debian's or anybody's, with its data in a folder of its own."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self._folder = folder
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: Process | None = None

    @staticmethod
    def is_installed() -> bool:
        return shutil.which("redis-server") is not None

    def start(self) -> None:
        """Raises DidNotStart."""
        arguments = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        arguments += ["--dir", str(self._folder), "--appendonly", "yes", "--save", ""]
        self._process = Process(arguments, os.environ, self._folder / "redis.log")
        wait_until(self._process, lambda: _answers(self.port), "redis-server")

    def stop(self) -> None:
        if self._process:
            self._process.stop()


class BotProcesses:
    """`bot web` and, where Redis is a server of its own, `bot worker`."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        """`environment`: the contract's variables; PORT is where web will listen."""
        base = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        root = str(Path(__file__).resolve().parents[2])
        self._environment = {
            **base,
            "PYTHONPATH": root,
            "PYTHONUNBUFFERED": "1",
            "LOG_FORMAT": "json",
            **environment,
        }
        self._folder = folder
        self._port = int(environment["PORT"])
        self._embedded = environment["REDIS_URL"].startswith("memory://")
        self.web: Process | None = None
        self.workers: list[Process] = []

    def start(self, workers: int = 1) -> None:
        """Raises DidNotStart."""
        for _ in range(0 if self._embedded else workers):
            self.start_worker()
        self.start_web()

    def start_web(self) -> None:
        """Raises DidNotStart."""
        self.web = self.run("web")
        wait_until(self.web, lambda: _is_ready(self._port), "bot web")

    def start_worker(self) -> Process:
        worker = self.run("worker")
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        for process in [*self.workers, *([self.web] if self.web else [])]:
            process.stop()
        self.workers, self.web = [], None

    def output(self) -> str:
        """All that the processes have written, one after the other."""
        return "".join(path.read_text() for path in sorted(self._folder.glob("bot-*.log")))

    def run(self, command: str) -> Process:
        """Start `bot` with this command, and wait for nothing."""
        number = len(list(self._folder.glob("bot-*.log")))
        log = self._folder / f"bot-{number:02}-{command}.log"
        # Elsewhere, so that a deployment's .env here is not read.
        command_line = [sys.executable, "-m", "bot", command]
        return Process(command_line, self._environment, log, self._folder)


def wait_until(process: Process, ready: object, name: str) -> None:
    """Raises DidNotStart when the process ends or is not `ready()` in time."""
    assert callable(ready)
    deadline = time.monotonic() + STARTS_WITHIN
    while not ready():
        if not process.is_running or time.monotonic() > deadline:
            process.kill()
            raise DidNotStart(f"{name} did not start:\n{process.output()[-4000:]}")
        time.sleep(0.05)


def temporary_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="intercom-agent-"))


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
