"""Writes in plain words: nothing of what would run stays invisible."""

import json
import random
from importlib.resources import files
from typing import Any

import pytest

from bot.intercom.catalogue import TOOLS as DECLARED
from bot.intercom.changes import Subject, describe, edited, leaves, lookup, name_in, subjects
from bot.intercom.plain_text import html_of, text_of

CATALOGUE = json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
TOOLS = {tool["name"]: tool["input_schema"]["properties"] for tool in CATALOGUE}
READS = {name for name in TOOLS if DECLARED[name].effect == "read"}
AUTHOR_FIELDS = ("admin_id", "author_id", "sender_id")
WRITES = sorted(name for name in TOOLS if name not in READS)
NAMES = {
    ("conversation", "1"): "“Refund” with Priya",
    ("contact", "c1"): "Priya Natarajan",
    ("contact", "c2"): "P. Natarajan",
    ("tag", "t1"): "VIP",
    ("admin", "7"): "Tom Okafor",
}


@pytest.mark.parametrize(
    ("tool", "given", "headline"),
    [
        (
            "reply_to_conversation",
            {"conversation_id": "1", "message_type": "comment", "body": "<p>Hi</p>"},
            "Reply to the customer in “Refund” with Priya",
        ),
        (
            "reply_to_conversation",
            {"conversation_id": "1", "message_type": "note", "body": "Hi"},
            "Add an internal note to “Refund” with Priya",
        ),
        (
            "manage_conversation",
            {"conversation_id": "1", "message_type": "assignment", "assignee_id": "7"},
            "Assign “Refund” with Priya to Tom Okafor",
        ),
        (
            "manage_conversation",
            {"conversation_id": "1", "message_type": "assignment", "assignee_id": "0"},
            "Assign “Refund” with Priya to nobody",
        ),
        (
            "attach_tag_to_conversation",
            {"conversation_id": "1", "id": "t1"},
            "Tag “Refund” with Priya with VIP",
        ),
        (
            "merge_contacts",
            {"from": "c2", "into": "c1"},
            "Merge the contact P. Natarajan into Priya Natarajan; P. Natarajan is gone afterwards",
        ),
        ("delete_contact", {"contact_id": "c9"}, "Delete the contact contact c9 for good"),
        (
            "create_message",
            {"to": {"type": "user", "id": "c1"}, "body": "Hi"},
            "Send a new message to Priya Natarajan",
        ),
    ],
)
def test_the_headline_says_what_will_happen_and_to_whom(
    tool: str, given: dict[str, Any], headline: str
) -> None:
    assert describe(f"intercom_{tool}", given, NAMES).headline == headline


def _value(name: str, schema: dict[str, Any], rng: random.Random) -> Any:
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kinds: dict[str, Any] = {
        "boolean": rng.random() < 0.5,
        "integer": rng.randrange(1_700_000_000, 1_800_000_000),
        "number": rng.randrange(1_000),
        "array": [f"item{rng.randrange(10**6)}"],
        "object": {"inner": f"{name}-inner{rng.randrange(10**6)}"},
    }
    return kinds.get(str(schema.get("type")), f"{name}-{rng.randrange(10**6)}")


@pytest.mark.parametrize("name", WRITES)
def test_every_value_of_every_write_can_be_seen(name: str) -> None:
    rng = random.Random(name)
    for _ in range(20):
        given = {
            key: _value(key, schema, rng)
            for key, schema in TOOLS[name].items()
            if key not in (*AUTHOR_FIELDS, "from", "schema_version", "tool_version")
            and rng.random() < 0.8
        }
        change = describe(name, given, {})
        shown = json.dumps([change.headline, change.text, change.details], ensure_ascii=False)
        for path, value in leaves(given):
            if path in ("message_type", "type") or isinstance(value, bool | int):
                continue
            for one in value if isinstance(value, list) else [value]:
                assert str(one) in shown, (path, shown)


def test_subjects_are_looked_up_by_reads_of_the_catalogue() -> None:
    for name in WRITES:
        given = dict.fromkeys(TOOLS[name], "1")
        for subject in subjects(name, given):
            tool, tool_input = lookup(subject)
            assert tool in READS, (name, subject)
            assert set(tool_input) <= set(TOOLS[tool])
    assert lookup(Subject("contact", "c1")) == ("intercom_retrieve_contact", {"contact_id": "c1"})
    assert name_in("contact", {"name": "", "email": "p@x.example"}) == "p@x.example"


def test_bodies_are_read_as_people_read_them() -> None:
    body = '<p>Hello <b>Priya</b>,</p><p>see <a href="https://x.example/a">here</a>.<br>Bye</p>'
    assert text_of(body) == "Hello Priya,\n\nsee here (https://x.example/a).\nBye"
    assert text_of("a < b & c") == "a < b & c"
    assert text_of("&lt;!channel&gt; <script>x</script>") == "<!channel>"


def test_what_a_person_typed_comes_out_as_typed() -> None:
    typed = "One & <two>\nthree\n\nfour"
    changed = edited({"body": "<p>old</p>", "conversation_id": "1"}, {"body": typed})
    assert changed["body"] == "<p>One &amp; &lt;two&gt;<br>three</p><p>four</p>"
    assert changed["conversation_id"] == "1"
    assert text_of(html_of(typed)) == typed
