"""Keeps a check within its time and turns whatever it did not expect into a finding."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from bot.doctor.finding import Amiss, Finding, failure

T = TypeVar("T")

SECONDS = 10.0


async def guarded(
    check: str,
    cure: str,
    work: Coroutine[Any, Any, T],
    seconds: float = SECONDS,
    amiss: Amiss = failure,
) -> T | list[Finding]:
    """What `work` gives; or one finding, with `cure`, where it raised or took too long."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        return [amiss(check, f"no answer within {seconds:g} seconds", cure)]
    except Exception as error:
        # The error's text stays out: it can hold a URL with a password in it.
        return [amiss(check, f"could not be checked ({type(error).__name__})", cure)]


async def in_thread(work: Callable[[], T]) -> T:
    """Run blocking work aside. Given up, it does not keep the process from ending, as the
    threads of a pool would."""
    future: Future[T] = Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(future)
