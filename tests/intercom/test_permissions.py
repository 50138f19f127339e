"""What tools are about, over the whole catalogue."""

import json
from importlib.resources import files

from bot.intercom.catalogue.areas import IN_ORDER
from bot.intercom.permissions import Ability, abilities, permission_for

CATALOGUE = json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
NAMES = [tool["name"] for tool in CATALOGUE]


def test_every_tool_of_the_catalogue_has_an_area_and_a_permission() -> None:
    assert len(NAMES) == 98
    for name in NAMES:
        assert permission_for(name, is_read=True)
        assert permission_for(name, is_read=False)
    assert [can.area for can in abilities((name, True) for name in NAMES)] == [
        area.name for area in IN_ORDER
    ]


def test_permissions_are_named_as_in_the_developer_hub() -> None:
    assert permission_for("intercom_reply_to_conversation", is_read=False) == "Write conversations"
    assert permission_for("intercom_search_conversations", is_read=True) == "Read conversations"
    assert permission_for("intercom_attach_tag_to_ticket", is_read=False) == "Write tags"
    assert permission_for("intercom_reply_to_ticket", is_read=False) == "Write tickets"
    assert permission_for("intercom_list_teams", is_read=True) == "Read admins"
    assert permission_for("intercom_list_company_segments", is_read=True) == (
        "Read and list users and companies"
    )
    assert permission_for("frobnicate", is_read=False) is None
    assert permission_for("intercom_delete_all_tags", is_read=False) is None


def test_abilities_say_where_one_can_read_and_where_change() -> None:
    tools = [
        ("intercom_search_conversations", True),
        ("intercom_reply_to_conversation", False),
        ("intercom_list_tags", True),
        ("intercom_search_conversations_better", False),
    ]
    assert abilities(tools) == [
        Ability("Conversations", True, True),
        Ability("Tags", True, False),
        Ability("Other", False, True),
    ]
