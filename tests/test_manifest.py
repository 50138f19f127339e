import pytest
import yaml

from bot.manifest import BadAddress, manifest_text, public_address
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


@pytest.mark.parametrize(
    "given",
    ["https://agent.example.com", "https://agent.example.com/", " https://agent.example.com// "],
)
def test_an_address_may_end_with_a_slash(given: str) -> None:
    assert public_address(given) == "https://agent.example.com"


def test_a_port_stays() -> None:
    assert public_address("https://agent.example.com:8443/") == "https://agent.example.com:8443"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("http://agent.example.com", "Slack takes https only"),
        ("agent.example.com", "https:// and a host name are missing"),
        ("https://", "https:// and a host name are missing"),
        ("ftp://agent.example.com", "https:// and a host name are missing"),
        ("https://agent.example.com/slack/events", "nothing may follow agent.example.com"),
        ("https://agent.example.com?x=1", "nothing may follow agent.example.com"),
        ("https://agent.example.com#top", "nothing may follow agent.example.com"),
        ("https://localhost:3000", "a tunnel gives this machine an https address"),
        ("https://127.0.0.1", "Slack cannot reach 127.0.0.1"),
        ("https://10.0.0.7", "Slack cannot reach 10.0.0.7"),
        ("https://[::1]:3000", "Slack cannot reach ::1"),
        ("https://agent", "agent is not a name that Slack can reach"),
        ("https://me:secret@agent.example.com", "there is a user name in it"),
        ("https://agent.example.com:port", "it is no address"),
        ("https://[agent", "it is no address"),
    ],
)
def test_a_wrong_address_is_refused_with_the_right_form(given: str, why: str) -> None:
    with pytest.raises(BadAddress) as caught:
        public_address(given)
    assert why in str(caught.value)
    assert str(caught.value).endswith("It has to look like https://agent.example.com")
