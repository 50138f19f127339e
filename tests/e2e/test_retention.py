"""What is kept in Redis, and for how long."""

import json
import re

import redis
from world import World

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.people import MAYA, TOM
from bot.sandbox.slack import SUPPORT

UNTIL_THE_TEAMMATE_LEAVES = r"(owner|preferences|connected-since):.*|identifiers:.*"
TRIMMED_OR_EMPTIED = r"audit|open|line|running(:.*)?|limited"
COUNTS = r"metrics|feedback-count"
THE_ENGINES = r"intercom-agent:.*"


def test_all_that_is_kept_of_people_has_an_end(fresh_world: World) -> None:
    world = fresh_world
    assert world.redis
    world.connect(MAYA)
    contact = next(iter(world.intercom.contacts))
    note = tool_use("intercom_create_contact_note", {"contact_id": contact, "body": "Kept?"})
    gate = world.claude.gate()
    world.claude.script(
        reply("Look.", tool_use("intercom_list_tags", {})),
        reply(note),
        reply("Done."),
        when="retention-1",
    )
    world.claude.script(reply("At work ", gate, "still."), when="retention-2")
    world.slack.open_home(MAYA.slack_user_id)
    world.slack.command(MAYA.slack_user_id, SUPPORT, "private retention?")
    done = world.mention(MAYA, "retention-1")
    [answer] = world.ended(SUPPORT, done)
    [good] = re.findall(r'"(good\|\w+)"', json.dumps(answer.blocks))
    world.slack.click(MAYA.slack_user_id, SUPPORT, answer.ts, "feedback", value=good)
    world.slack.wait(lambda: world.keys_with("feedback:"), what="the feedback")
    at_work = world.mention(MAYA, "retention-2")
    assert gate.arrived()
    world.delivered(world.mention(MAYA, "and this", thread=at_work))
    waiting = world.mention(TOM, "retention-3")
    world.connect_button(TOM, waiting)
    allowed = "|".join((UNTIL_THE_TEAMMATE_LEAVES, TRIMMED_OR_EMPTIED, COUNTS, THE_ENGINES))
    with redis.Redis.from_url(world.redis.url, decode_responses=True) as client:
        kept = {key: client.ttl(key) for key in client.scan_iter()}
    gate.open()
    endless = [key for key, seconds in kept.items() if seconds == -1]
    assert [key for key in endless if not re.fullmatch(allowed, key)] == []
    kinds = {key.partition(":")[0] for key in kept}
    assert {"run", "inbox", "messages", "conversation", "traces", "recent", "audit"} <= kinds
