"""What we write ourselves is read by customers who have never heard of the demo's."""

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.manifest import manifest_text
from bot.sandbox.intercom.seed import seeded
from bot.sandbox.people import PEOPLE, TEAM_NAME

ROOT = Path(__file__).resolve().parents[1]
SANDBOX = ROOT / "bot" / "sandbox"


def seeded_names() -> set[str]:
    """Whom and what the demo's workspace knows by name: people, companies, conversations."""
    workspace = seeded(1, lambda: int(time.time()))
    people = {
        str(one["name"]) for one in (*workspace.contacts.values(), *workspace.admins.values())
    }
    people |= {person.name for person in PEOPLE}
    words = {word for name in people for word in name.split()}
    others = {str(one["name"]) for one in workspace.companies.values()} | {TEAM_NAME, "Northwind"}
    for conversation in workspace.conversations.values():
        others |= {str(conversation["id"]), str(conversation["title"] or TEAM_NAME)}
    addresses = {str(one["email"]) for one in workspace.contacts.values() if one["email"]}
    return people | words | others | addresses


def product_texts() -> Iterator[tuple[str, str]]:
    """Every text in the product's code, and the manifest: where it stands, and the text."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        if SANDBOX in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value
    yield "manifest", manifest_text("https://agent.example.com")


@pytest.fixture(scope="module")
def named() -> re.Pattern[str]:
    names = sorted(map(re.escape, seeded_names()), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)")


def test_no_text_of_the_product_names_anybody_of_the_demo(named: re.Pattern[str]) -> None:
    found = {where: hit[0] for where, text in product_texts() if (hit := named.search(text))}
    assert found == {}


def test_a_name_of_the_demo_would_be_found(named: re.Pattern[str]) -> None:
    for text in ("Find Priya's last conversation", "about Lumen Labs.", "conversation 215470001"):
        assert named.search(text)
    assert not named.search("Which customers wrote to us about a refund?")
