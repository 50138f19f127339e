"""Web, worker and the operator's commands at a Redis that refuses them, or is not there yet."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from redis_servers import redis_with, redis_with_tls

from bot.health import why_not_well
from bot.sandbox.processes import BotProcesses, Process, free_port, wait_until

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "signing",
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "client",
    "SLACK_API_URL": "http://127.0.0.1:1/api/",
    "ANTHROPIC_API_KEY": "key",
    "SCALEKIT_ENV_URL": "https://127.0.0.1:1",
    "SCALEKIT_CLIENT_ID": "skc_1",
    "SCALEKIT_CLIENT_SECRET": "scalekit",
    "PUBLIC_URL": "https://agent.example.com",
}
ENDED = (0, -signal.SIGTERM)
"""uvicorn ends orderly, and then by the signal that it was sent."""
OPERATOR = (
    ["runs", "list"],
    ["runs", "cancel", "R-1"],
    ["threads", "forget", "C1", "1.2", "--team", "T1"],
    ["audit"],
)


def bot(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )


def wait_for_the_end(process: Process) -> None:
    while process.is_running:
        time.sleep(0.05)


@contextmanager
def processes(folder: Path, redis_url: str) -> Iterator[tuple[BotProcesses, int]]:
    """Out: the processes, none of them started, and web's port."""
    port = free_port()
    bots = BotProcesses({**SETTINGS, "REDIS_URL": redis_url, "PORT": str(port)}, folder)
    try:
        yield bots, port
    finally:
        bots.stop()


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def refused_both(redis_url: str) -> str:
    """The one line that web and worker, started side by side, both end with."""
    with ThreadPoolExecutor() as pool:
        commands = ("web", "worker")
        told = list(pool.map(lambda name: bot(name, **SETTINGS, REDIS_URL=redis_url), commands))
    assert [done.returncode for done in told] == [2, 2]
    assert [done.stdout for done in told] == ["", ""]
    [line] = {done.stderr for done in told}
    assert line.count("\n") == 1
    return line


def test_a_refused_password_stops_web_and_worker_with_a_sentence(tmp_path: Path) -> None:
    with redis_with(tmp_path, "--requirepass", "s3cret-right") as port:
        line = refused_both(f"redis://:s3cret-wrong@127.0.0.1:{port}/0")
    assert line.startswith(f"REDIS_URL (redis://…@127.0.0.1:{port}/0): it refuses the password.")
    assert "s3cret" not in line


def test_an_unknown_certificate_stops_web_and_worker_with_a_sentence(tmp_path: Path) -> None:
    with redis_with_tls(tmp_path, "--tls-auth-clients", "no") as port:
        line = refused_both(f"rediss://localhost:{port}/0")
    assert f"REDIS_URL (rediss://localhost:{port}/0): its certificate is not trusted" in line


def test_no_tls_behind_rediss_stops_web_and_worker_with_a_sentence(tmp_path: Path) -> None:
    with redis_with(tmp_path) as port:
        assert "there is no TLS behind rediss://" in refused_both(f"rediss://127.0.0.1:{port}/0")


def test_web_waits_for_a_redis_that_is_not_there_yet(tmp_path: Path) -> None:
    redis_port = free_port()
    url = f"redis://:s3cret@127.0.0.1:{redis_port}/0"
    with processes(tmp_path, url) as (bots, port):
        web = bots.run("web")
        bots.web = web
        wait_until(web, lambda: get(port, "/healthz") == (200, "ok"), "bot web")
        status, body = get(port, "/readyz")
        assert status == 503
        assert json.loads(body) == {"ready": False, "redis": "nothing answers there"}
        assert get(port, "/slack/events")[0] == 503
        assert why_not_well("0.0.0.0", port, "") == ""
        wait_until(web, lambda: web.output().count("waiting_for_redis") > 1, "a second sentence")
        line = json.loads(web.output().splitlines()[0])
        assert line["why"].startswith(f"REDIS_URL (redis://…@127.0.0.1:{redis_port}/0): nothing ")
        with redis_with(tmp_path, "--requirepass", "s3cret", port=redis_port):
            wait_until(web, lambda: get(port, "/readyz")[0] == 200, "bot web")
            assert web.stop() in ENDED
        events = {json.loads(line)["event"] for line in web.output().splitlines()}
        assert events == {"waiting_for_redis", "web_started"}, "a start logs nothing puzzling"
        assert "s3cret" not in web.output()


def test_a_worker_waits_for_a_redis_that_is_not_there_yet(tmp_path: Path) -> None:
    redis_port = free_port()
    with processes(tmp_path, f"redis://127.0.0.1:{redis_port}/0") as (bots, _):
        worker = bots.start_worker()
        wait_until(worker, lambda: "waiting_for_redis" in worker.output(), "bot worker")
        with redis_with(tmp_path, port=redis_port):
            wait_until(worker, lambda: "worker_started" in worker.output(), "bot worker")
            nobody = free_port()
            url = f"redis://127.0.0.1:{redis_port}/0"
            wait_until(worker, lambda: not why_not_well("0.0.0.0", nobody, url), "its sign of life")
            assert worker.stop() == 0


def test_while_they_wait_both_end_at_once(tmp_path: Path) -> None:
    with processes(tmp_path, f"redis://127.0.0.1:{free_port()}/0") as (bots, _):
        started: list[Process] = [bots.run("web"), bots.start_worker()]
        for process in started:
            wait_until(process, lambda p=process: "waiting_for_redis" in p.output(), "bot")
            assert process.stop() in ENDED
            assert "Traceback" not in process.output()


def test_waiting_ends_with_the_sentence_once_redis_refuses(tmp_path: Path) -> None:
    redis_port = free_port()
    url = f"redis://:wrong@127.0.0.1:{redis_port}/0"
    with processes(tmp_path, url) as (bots, _):
        started = [bots.run("web"), bots.start_worker()]
        for process in started:
            wait_until(process, lambda p=process: "waiting_for_redis" in p.output(), "bot")
        with redis_with(tmp_path, "--requirepass", "s3cret", port=redis_port):
            for process in started:
                wait_for_the_end(process)
                assert process.stop() == 2
                assert "it refuses the password" in process.output()
                assert "Traceback" not in process.output()


def each_of_the_operators(redis_url: str) -> list[subprocess.CompletedProcess[str]]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda command: bot(*command, REDIS_URL=redis_url), OPERATOR))


def test_the_operators_commands_say_in_a_line_that_redis_is_not_there() -> None:
    port = free_port()
    url = f"redis://:s3cret@127.0.0.1:{port}/0"
    told = each_of_the_operators(url)
    sentence = (
        f"REDIS_URL (redis://…@127.0.0.1:{port}/0): nothing answers there. "
        "Start that Redis, or correct the address.\n"
    )
    for done in told:
        assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


def test_the_operators_commands_need_nothing_but_redis(tmp_path: Path) -> None:
    with redis_with(tmp_path) as port:
        told = each_of_the_operators(f"redis://127.0.0.1:{port}/0")
    assert [(done.returncode, done.stdout, done.stderr) for done in told] == [
        (0, "Nothing runs and nothing waits.\n", ""),
        (1, "", "No run R-1 is under way or waits.\n"),
        (1, "", "Nothing is kept of C1/1.2.\n"),
        (0, "", ""),
    ]


def test_the_operators_commands_look_at_redis_url_alone() -> None:
    missing = bot("runs", "list", SLACK_BOT_TOKEN="malformed", PORT="malformed")
    assert missing.returncode == 2
    assert missing.stderr.startswith("REDIS_URL is not set. You find it here: ")
    assert len(missing.stderr.splitlines()) == 1
    embedded = bot("audit", REDIS_URL="memory://")
    assert embedded.returncode == 2
    assert embedded.stderr.startswith("REDIS_URL is memory://, which lives inside `bot web`")
    late = bot("audit", "--since", "99999999999d", REDIS_URL="redis://127.0.0.1:1/0")
    assert (late.returncode, len(late.stderr.splitlines())) == (2, 1)


def test_health_says_in_a_line_that_nothing_is_at_work(tmp_path: Path) -> None:
    with redis_with(tmp_path) as port:
        done = bot("health", PORT=str(free_port()), REDIS_URL=f"redis://127.0.0.1:{port}/0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Neither `bot web` nor `bot worker` is at work on this machine.\n"
