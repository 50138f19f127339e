"""The wheel, installed where nothing else of the project is, and used from an empty directory."""

import ast
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from bot.sandbox.processes import free_port

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bot"
SANDBOX = PACKAGE / "sandbox"
ADDRESS = "https://agent.example.com"


class Installed:
    """An environment with the wheel in it, and an empty directory to be in."""

    def __init__(self, folder: Path) -> None:
        # A space in the path, since some people's homes have one.
        self._environment = folder / "an environment"
        self.empty = folder / "empty"
        self.empty.mkdir()
        venv.create(self._environment, with_pip=False, symlinks=True)
        paths = {"base": str(self._environment), "platbase": str(self._environment)}
        packages = Path(sysconfig.get_path("purelib", "venv", paths))
        self.python = Path(sysconfig.get_path("scripts", "venv", paths)) / "python"
        # What the bot depends on is installed already; the network is not needed for it.
        (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        self.wheel = self._build(folder / "wheels")
        pip = [sys.executable, "-m", "pip", "-q", "--python", str(self.python)]
        subprocess.run(
            [*pip, "install", "--no-deps", "--no-index", "--no-compile", str(self.wheel)],
            check=True,
            timeout=120,
        )

    @staticmethod
    def _build(folder: Path) -> Path:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
        [wheel] = folder.glob("*.whl")
        return wheel

    def bot(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.python.with_name("bot")), *arguments],
            env={"PATH": os.environ["PATH"], "HOME": str(self.empty), **environment},
            cwd=self.empty,
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    installed = Installed(tmp_path_factory.mktemp("installed"))
    yield installed
    assert list(installed.empty.iterdir()) == [], "nothing is left where it was run"


def test_the_wheel_has_every_file_of_the_package_and_the_manifest(installed: Installed) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "bot"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if tracked.returncode:
        pytest.skip("this is no git work tree")
    there = {name for name in tracked.stdout.splitlines() if (ROOT / name).is_file()}
    packed = {
        name for name in zipfile.ZipFile(installed.wheel).namelist() if "dist-info" not in name
    }
    assert packed == there | {"bot/manifest.yml"}


def test_the_installed_bot_is_the_wheels(installed: Installed) -> None:
    where = subprocess.run(
        [str(installed.python), "-c", "import bot; print(bot.__file__)"],
        cwd=installed.empty,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "an environment" in where.stdout


def test_without_arguments_there_is_help(installed: Installed) -> None:
    told = installed.bot()
    assert "Usage: bot" in told.stdout + told.stderr
    helped = installed.bot("--help")
    assert helped.returncode == 0
    for command in ("web", "worker", "demo", "doctor", "manifest", "runs", "threads", "audit"):
        assert f" {command} " in helped.stdout


def test_the_manifest_is_printed(installed: Installed) -> None:
    told = installed.bot("manifest", "--public-url", ADDRESS)
    assert (told.returncode, told.stderr) == (0, "")
    manifest = yaml.safe_load(told.stdout)
    assert manifest["oauth_config"]["redirect_urls"][0].startswith(ADDRESS)


def test_doctor_knows_what_is_missing_and_what_comes_next(installed: Installed) -> None:
    told = installed.bot("doctor")
    assert (told.returncode, told.stderr) == (1, "")
    assert "[failure] SLACK_BOT_TOKEN: missing" in told.stdout
    assert told.stdout.splitlines()[-1].startswith("Next: ")


def test_the_demo_answers(installed: Installed) -> None:
    told = installed.bot("demo", "--say", "What's open and unassigned?", REDIS_URL="memory://")
    assert told.returncode == 0, told.stderr
    assert "Double charge on invoice INV-2041" in told.stdout


def test_the_demos_page_is_there(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    for name in ("index.html", "app.js", "render.js", "style.css"):
        assert f"bot/sandbox/demo/static/{name}" in names


@pytest.mark.parametrize("command", [["runs", "list"], ["audit"], ["web"], ["worker"]])
def test_every_other_command_begins_and_says_what_it_misses(
    installed: Installed, command: list[str]
) -> None:
    told = installed.bot(*command)
    assert (told.returncode, told.stdout) == (2, "")
    assert "REDIS_URL is not set. You find it here: " in told.stderr
    assert "Traceback" not in told.stderr


def test_a_directory_that_cannot_be_written_to_is_enough(installed: Installed) -> None:
    installed.empty.chmod(0o555)
    try:
        told = installed.bot("manifest", "--public-url", ADDRESS)
        listed = installed.bot("runs", "list", REDIS_URL=f"redis://127.0.0.1:{free_port()}")
    finally:
        installed.empty.chmod(0o755)
    assert told.returncode == 0
    assert listed.stderr.count("\n") == 1


# What is imported.


def product_modules() -> list[str]:
    paths = (path for path in PACKAGE.rglob("*.py") if SANDBOX not in path.parents)
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths)
    return sorted(name.removesuffix(".__init__") for name in names)


def test_the_product_never_imports_the_sandbox() -> None:
    program = (
        "import importlib, json, sys\n"
        f"for name in {product_modules()!r}: importlib.import_module(name)\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('bot.sandbox')]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout) == []


def test_nor_does_it_when_it_runs_but_for_the_demo() -> None:
    naming = [
        f"{path.relative_to(ROOT)}: {function.name}"
        for path in PACKAGE.rglob("*.py")
        if SANDBOX not in path.parents
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(name.startswith("bot.sandbox") for name, _ in imports(function))
    ]
    assert naming == ["bot/__main__.py: demo"]


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Out: the module, and what is taken from it; empty where it is the module itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, "") for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, name.name) for name in node.names)


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {normal(text) for text in project["dependencies"]}
    undeclared = {
        (owner, name)
        for path in PACKAGE.rglob("*.py")
        for module, name in set(imports(ast.parse(path.read_text())))
        if (owner := owner_of(module, name)) and owner not in declared
    }
    assert undeclared == set()


def normal(requirement: str) -> str:
    """The name of a requirement or distribution, as indexes compare it."""
    name = requirement
    for sign in "[<>=~;! ":
        name = name.partition(sign)[0]
    return name.lower().replace("_", "-").replace(".", "-")


def _owners() -> dict[str, str]:
    return {
        str(distribution.locate_file(file)): normal(distribution.metadata["Name"])
        for distribution in distributions()
        for file in distribution.files or ()
    }


OWNERS = _owners()


def owner_of(module: str, name: str) -> str | None:
    """The distribution that a module is from; None for the standard library and our own."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "bot":
        return None
    spec = find_spec(module)
    assert spec, module
    if spec.origin is None and name:  # a namespace that several distributions share
        spec = find_spec(f"{module}.{name}")
        assert spec, f"{module}.{name}"
    assert spec.origin, module
    return OWNERS[spec.origin]
