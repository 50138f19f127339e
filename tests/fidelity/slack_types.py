"""Calls of Slack's Web API, held against the TypeScript types that Slack itself ships.

The packages are pinned by version and integrity; npm is asked for them by name, wherever it gets
its packages from. They are only type-checked against: none of their code runs.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.fidelity.recordings import Recorded

PINS = json.loads((Path(__file__).parent / "packages.json").read_text())
INSTALLED = Path(__file__).resolve().parents[2] / "artifacts" / "fidelity"
OPTIONS = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "module": "nodenext",
        "moduleResolution": "nodenext",
        "target": "es2022",
        "types": [],
    },
    "files": ["calls.ts"],
}
_ERROR = re.compile(r"^calls\.ts\((\d+),\d+\): error (.*)$")
NOT_IN_THE_TYPES = frozenset({"data_visualization"})
"""Blocks that Slack documents and its types of this version lack."""
FIRST_LINE = 5
"""Of the generated file: where the first call stands."""


def is_possible() -> bool:
    return shutil.which("node") is not None and shutil.which("npm") is not None


def problems(calls: Sequence[Recorded]) -> dict[int, str]:
    """What Slack's types say against these calls: the compiler's words by the call's index."""
    _install()
    head = [
        'import type { KnownBlock } from "@slack/types";',
        'import { WebClient } from "@slack/web-api";',
        "declare const client: WebClient;",
        "export async function calls() {",
    ]
    lines = [_line(at, call) for at, call in enumerate(calls)]
    (INSTALLED / "calls.ts").write_text("\n".join([*head, *lines, "}", ""]))
    (INSTALLED / "tsconfig.json").write_text(json.dumps(OPTIONS))
    compiler = INSTALLED / "node_modules" / "typescript" / "bin" / "tsc"
    node = shutil.which("node")
    assert node
    done = subprocess.run(
        [node, str(compiler), "-p", "."], cwd=INSTALLED, capture_output=True, text=True, check=False
    )
    found: dict[int, str] = {}
    unplaced = []
    for line in done.stdout.splitlines():
        match = _ERROR.match(line)
        if match:
            found.setdefault(int(match[1]) - FIRST_LINE, match[2])
        elif not line.startswith(" "):
            unplaced.append(line)
    assert not unplaced, "the compiler could not work:\n" + "\n".join(unplaced)
    assert done.returncode in (0, 1, 2), done.stderr
    return found


def _line(at: int, call: Recorded) -> str:
    # slack_sdk sends null in JSON for what it leaves out of a form.
    sent = {key: value for key, value in call.sent.items() if value is not None}
    # The methods' own types take any object with a `type` for a block; this does not.
    strictly = [block for block in _blocks(sent) if block.get("type") not in NOT_IN_THE_TYPES]
    blocks = f"const blocks{at}: KnownBlock[] = {json.dumps(strictly)}; void blocks{at};"
    return f"await client.{call.method}({json.dumps(sent)}); {blocks}"


def _blocks(value: Any) -> Iterator[dict[str, Any]]:
    """Every block in it, at whatever depth a `blocks` stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "blocks" and isinstance(item, list):
                yield from item
            else:
                yield from _blocks(item)
    elif isinstance(value, list):
        for item in value:
            yield from _blocks(item)


def _install() -> None:
    modules = INSTALLED / "node_modules"
    for name, pin in PINS.items():
        folder = modules / name
        marker = folder / ".integrity"
        if marker.exists() and marker.read_text() == pin["integrity"]:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        archive = _fetched(name, pin["version"])
        algorithm, _, wanted = pin["integrity"].partition("-")
        digest = hashlib.new(algorithm, archive.read_bytes()).digest()
        assert base64.b64encode(digest).decode() == wanted, f"{name} is not what was pinned"
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        for item in list((folder / "package").iterdir()):
            item.rename(folder / item.name)
        archive.unlink()
        marker.write_text(pin["integrity"])


def _fetched(name: str, version: str) -> Path:
    npm = shutil.which("npm")
    assert npm
    INSTALLED.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "pack", "--silent", f"{name}@{version}"],
        cwd=INSTALLED,
        capture_output=True,
        text=True,
        check=True,
    )
    return INSTALLED / done.stdout.strip().splitlines()[-1]
