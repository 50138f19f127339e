"""`bot demo --say`, on both kinds of Redis."""

import re
import subprocess
import sys

import pytest
from demo_process import ROOT, demo_environment


@pytest.mark.parametrize("redis_url", ["", "memory://"], ids=["as-installed", "embedded"])
def test_one_request_is_printed_as_a_thread(redis_url: str) -> None:
    changes = {"REDIS_URL": redis_url} if redis_url else {}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--say", "What's open and unassigned?"],
        env=demo_environment(**changes),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    asked, _, answer = done.stdout.partition("Intercom Agent:\n")
    assert "@Intercom Agent What's open and unassigned?" in asked
    assert "✓ Search conversations" in answer
    assert "Double charge on invoice INV-2041" in answer
    counted, left_out = re.search(r"\*\*(\d+)\*\*", answer), re.search(r"and (\d+) more", answer)
    assert counted
    assert left_out
    assert answer.count("\n- [#") + int(left_out[1]) == int(counted[1])
