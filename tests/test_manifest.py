import yaml

from bot.manifest import manifest_text
from bot.slack.messages import APP_NAME, SUGGESTED_PROMPTS


def test_the_address_is_filled_in_everywhere() -> None:
    text = manifest_text("https://agent.example.com/")
    assert "YOUR-PUBLIC-URL" not in text.replace("# ", "")
    manifest = yaml.safe_load(text)
    events = "https://agent.example.com/slack/events"
    assert manifest["settings"]["event_subscriptions"]["request_url"] == events
    assert manifest["settings"]["interactivity"]["request_url"] == events
    assert [c["url"] for c in manifest["features"]["slash_commands"]] == [events]


def test_the_pane_offers_the_same_prompts_as_the_manifest() -> None:
    manifest = yaml.safe_load(manifest_text("https://agent.example.com"))
    prompts = manifest["features"]["agent_view"]["suggested_prompts"]
    assert [(p["title"], p["message"]) for p in prompts] == list(SUGGESTED_PROMPTS)
    assert manifest["features"]["bot_user"]["display_name"] == APP_NAME


def test_the_app_asks_once_for_every_scope_and_event_that_it_needs() -> None:
    manifest = yaml.safe_load(manifest_text("https://agent.example.com"))
    scopes = manifest["oauth_config"]["scopes"]
    assert scopes["user"] == ["openid"]
    who_reads = {"channels:read", "groups:read", "mpim:read", "mpim:history"}
    assert who_reads | {"files:read", "files:write"} <= set(scopes["bot"])
    assert "message.mpim" in manifest["settings"]["event_subscriptions"]["bot_events"]
