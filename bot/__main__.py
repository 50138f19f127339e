"""The command line: `bot …` or `python -m bot …`."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Annotated, Any, NoReturn

import typer

from bot.logs import set_up_logs
from bot.manifest import BadAddress, manifest_text, public_address
from bot.settings import (
    Settings,
    SettingsError,
    StateSettings,
    given_settings,
    load_settings_or_exit,
    load_state_settings_or_exit,
)

WRONG = 2
"""The exit code where a variable or an argument has to be corrected; 1 for all else."""

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The Intercom agent for Slack.")
runs = typer.Typer(no_args_is_help=True, help="Look at runs, and end them.")
threads = typer.Typer(no_args_is_help=True, help="What is kept of threads.")
app.add_typer(runs, name="runs")
app.add_typer(threads, name="threads")


def _settings() -> Settings:
    settings = load_settings_or_exit()
    set_up_logs(settings)
    return settings


def _state_settings() -> StateSettings:
    settings = load_state_settings_or_exit()
    if settings.in_memory:
        _end("REDIS_URL is memory://, which lives inside `bot web`: nobody else can look into it.")
    set_up_logs(settings)
    return settings


def _end(sentence: str, code: int = WRONG) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    raise SystemExit(code)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end, and say in a line why it cannot go on without Redis."""
    from redis.exceptions import RedisError

    from bot.state.reachable import RedisUnusable

    try:
        asyncio.run(work)
    except RedisUnusable as error:
        _end(str(error), 1 if error.problem.passes else WRONG)
    except RedisError as error:
        _end(f"Redis went away ({type(error).__name__}). Try again.", 1)


@app.command()
def web() -> None:
    """Serve Slack, browsers and webhooks on $PORT."""
    settings = _settings()
    from bot.tracing import set_up_tracing
    from bot.web.app import run_web

    set_up_tracing("web")
    _run(run_web(settings))


@app.command()
def worker() -> None:
    """Run the agent; start as many of these as you like, on as many machines."""
    settings = _settings()
    if settings.in_memory:
        _end(
            "REDIS_URL is memory://, which lives inside `bot web`: that process does the "
            "worker's part too. A worker of its own needs a Redis server."
        )
    from bot.tracing import set_up_tracing
    from bot.worker import run_worker

    set_up_tracing("worker")
    _run(run_worker(settings))


@app.command()
def manifest(
    public_url: Annotated[
        str, typer.Option(help="Where Slack reaches `bot web`; PUBLIC_URL if left out.")
    ] = "",
) -> None:
    """Print the Slack app's manifest with this address in it."""
    name, url = "--public-url", public_url
    if not url:
        name, url = "PUBLIC_URL", _given("public_url")
    if not url:
        _end(
            "Where will Slack reach `bot web`? bot manifest --public-url https://agent.example.com"
        )
    try:
        typer.echo(manifest_text(public_address(url)), nl=False)
    except BadAddress as error:
        _end(f"{name} {url}: {error}.")


def _given(field: str) -> str:
    try:
        return str(given_settings().get(field, ""))
    except SettingsError as error:
        _end(str(error))


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    live: Annotated[
        str,
        typer.Option(
            metavar="CHANNEL",
            help="Go once through all that the bot asks of the real services, posting in this "
            "channel (#name or id) for a moment. Nothing is changed in Intercom.",
        ),
    ] = "",
    user: Annotated[
        str,
        typer.Option(help="With --live: as which Slack user, where several have connected."),
    ] = "",
) -> None:
    """Check the variables, credentials and services, and say how to fix what is wrong."""
    if live:
        from bot.doctor.live import run_live

        raise SystemExit(run_live(live, user, as_json=as_json))
    from bot.doctor import run_doctor

    raise SystemExit(run_doctor(as_json=as_json))


@app.command()
def health() -> None:
    """Exit with 0 if web or worker is at work on this machine, for a container's health check."""
    from bot.health import why_not_well

    host, port = _given("bind_address") or "0.0.0.0", _given("port") or "3000"  # noqa: S104
    why = why_not_well(host, int(port) if port.isdecimal() else 0, _given("redis_url"))
    if why:
        _end(why, 1)


@app.command()
def audit(
    since: Annotated[
        str, typer.Option(help="How far back: 90m, 24h or 7d, or a date such as 2026-11-21.")
    ] = "7d",
    user: Annotated[str, typer.Option(help="Only this Slack user's, for example U012AB3CD.")] = "",
) -> None:
    """Print the audit as JSON lines, the oldest first."""
    from bot.audit import BadSince, print_audit

    try:
        _run(print_audit(_state_settings(), since, user))
    except BadSince as error:
        _end(f"--since: {error}")


def _operate(work: Coroutine[Any, Any, None]) -> None:
    from bot.operate import NotFound

    try:
        _run(work)
    except NotFound as error:
        _end(str(error), 1)


@runs.command("list")
def list_runs() -> None:
    """List what runs and what waits."""
    from bot.operate import list_runs

    _operate(list_runs(_state_settings()))


@runs.command("show")
def show_run(reference: str) -> None:
    """Show a run, step by step."""
    from bot.operate import show_run

    _operate(show_run(_state_settings(), reference))


@runs.command("cancel")
def cancel_run(reference: str) -> None:
    """End a run; its thread says what was done and what was not."""
    from bot.operate import cancel_run

    _operate(cancel_run(_state_settings(), reference))


@threads.command("forget")
def forget_thread(
    channel: Annotated[str, typer.Argument(help="The channel's id, for example C012AB3CD.")],
    thread: Annotated[str, typer.Argument(help="The ts of the thread's first message.")],
    team: Annotated[str, typer.Option(help="The workspace's id, for example T012AB3CD.")],
) -> None:
    """Erase what is kept of a thread."""
    from bot.operate import forget_thread

    _operate(forget_thread(_state_settings(), channel, thread, team))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Where the page is.")] = 8080,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    say: Annotated[str, typer.Option(help="Ask this, print the thread and exit.")] = "",
) -> None:
    """Try it all here: the sandbox, web, worker and a page. Needs no account and no key."""
    from bot.sandbox.demo import run_demo

    raise SystemExit(run_demo(port=port, browser=browser, say=say))


def main() -> None:
    app()


if __name__ == "__main__":
    main()
