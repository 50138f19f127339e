"""The image and compose.yml, as far as they can be checked without a container engine."""

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from bot.__main__ import app

ROOT = Path(__file__).resolve().parents[1]
OPERATIONS = ROOT / "bot" / "operations"
INSTRUCTIONS = {
    "FROM",
    "COPY",
    "RUN",
    "WORKDIR",
    "ENV",
    "USER",
    "EXPOSE",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}
COMMANDS = set(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    """Its instructions in their order, each with its arguments."""
    text = re.sub(r"\\\n", " ", (OPERATIONS / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((OPERATIONS / "compose.yml").read_text())
    return loaded


def last(dockerfile: list[tuple[str, str]], name: str) -> str:
    return [rest for instruction, rest in dockerfile if instruction == name][-1]


def test_every_instruction_is_one(dockerfile: list[tuple[str, str]]) -> None:
    assert {instruction for instruction, _ in dockerfile} <= INSTRUCTIONS
    assert dockerfile[0][0] == "FROM"


def test_it_does_not_run_as_root(dockerfile: list[tuple[str, str]]) -> None:
    assert last(dockerfile, "USER") == "10001"
    [created] = [rest for name, rest in dockerfile if name == "RUN" and "useradd" in rest]
    assert "--uid 10001" in created
    after = dockerfile[dockerfile.index(("USER", "10001")) :]
    assert not {"RUN", "COPY"} & {name for name, _ in after}


def test_what_it_copies_is_there_and_sent_to_the_engine(dockerfile: list[tuple[str, str]]) -> None:
    patterns = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line[1:] for line in patterns if line.startswith("!")}
    assert "*" in patterns
    copied = {
        source
        for name, rest in dockerfile
        if name == "COPY" and not rest.startswith("--from=packages ")
        for source in shlex.split(rest)[:-1]
    }
    assert copied == sent
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert ".env" not in sent


def test_every_package_is_installed_by_its_hash(dockerfile: list[tuple[str, str]]) -> None:
    installing = [rest for name, rest in dockerfile if name == "RUN" and "pip install" in rest]
    assert installing
    assert all("--require-hashes -r" in rest for rest in installing)


def test_its_python_is_one_that_the_project_takes(dockerfile: list[tuple[str, str]]) -> None:
    [required] = re.findall(
        r">=3\.(\d+)",
        tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"],
    )
    versions = {rest.split()[0] for name, rest in dockerfile if name == "FROM"}
    assert versions == {f"python:3.{required}-slim"}


def test_what_it_starts_are_commands_of_the_bot(dockerfile: list[tuple[str, str]]) -> None:
    assert json.loads(last(dockerfile, "ENTRYPOINT")) == ["python", "-m", "bot"]
    assert json.loads(last(dockerfile, "CMD")) == ["web"]
    check = last(dockerfile, "HEALTHCHECK").partition(" CMD ")[2]
    assert json.loads(check) == ["python", "-m", "bot", "health"]
    procfile = (ROOT / "Procfile").read_text().splitlines()
    assert [line.split()[-1] for line in procfile] == ["web", "worker"]
    assert {"web", "worker", "health"} <= COMMANDS


def test_compose_runs_web_and_worker_of_one_image_with_valkey(compose: dict[str, Any]) -> None:
    web, worker, redis = (compose["services"][name] for name in ("web", "worker", "redis"))
    assert web["image"] == worker["image"]
    assert web["build"] == worker["build"]
    for service in (web, worker):
        [command] = service["command"]
        assert command in COMMANDS
        assert service["environment"]["REDIS_URL"].startswith("redis://redis:")
        assert service["depends_on"] == {"redis": {"condition": "service_healthy"}}
        context = (OPERATIONS / service["build"]["context"]).resolve()
        assert context == ROOT
        assert (context / service["build"]["dockerfile"]).is_file()
        assert (OPERATIONS / service["env_file"]).resolve() == ROOT / ".env"
    assert redis["image"].startswith("valkey/valkey:")
    assert " ".join(redis["command"]) == (
        "valkey-server --appendonly yes --maxmemory-policy noeviction"
    )
    assert list(compose["volumes"]) == ["redis"]


def test_only_this_machine_reaches_compose_and_redis_nobody(compose: dict[str, Any]) -> None:
    ports = {name: service.get("ports", []) for name, service in compose["services"].items()}
    assert ports == {"web": ["127.0.0.1:3000:3000"], "worker": [], "redis": []}


def test_both_have_the_time_that_they_take_to_end(compose: dict[str, Any]) -> None:
    for name in ("web", "worker"):
        assert compose["services"][name]["stop_grace_period"] == "30s"
