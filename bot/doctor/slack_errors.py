"""What each error of Slack's means for whoever sets the app up.

The errors are those that docs.slack.dev/reference/methods lists for auth.test and
openid.connect.token, and those that any method may answer.
"""

from slack_sdk.errors import SlackApiError

from bot.doctor.finding import Finding, failure, warning
from bot.settings import WHERE_TO_FIND

UNREACHABLE = "see that this machine reaches Slack (network, proxy), and leave SLACK_API_URL out"
NOT_SLACK = "something else than Slack answers at SLACK_API_URL"
_TOKEN = f"copy SLACK_BOT_TOKEN again: {WHERE_TO_FIND['SLACK_BOT_TOKEN']}; reinstall the app if \
need be"
_CLIENT_ID = f"correct SLACK_CLIENT_ID: {WHERE_TO_FIND['SLACK_CLIENT_ID']}"
_CLIENT_SECRET = f"correct SLACK_CLIENT_SECRET: {WHERE_TO_FIND['SLACK_CLIENT_SECRET']}"
_WORKSPACE = "ask your Slack admins to allow the app in this workspace, then run bot doctor again"
_REQUEST = "see that no proxy changes requests to Slack, and update this software"

CURES = {
    # The bot's token.
    "account_inactive": "the app was removed, or its workspace is gone: install it again",
    "invalid_auth": _TOKEN,
    "not_allowed_token_type": _TOKEN,
    "not_authed": _TOKEN,
    "token_expired": "switch token rotation off for this app (OAuth & Permissions), reinstall it, "
    "and copy the token again",
    "token_revoked": "the app was removed from the workspace: install it again, and copy the token",
    "missing_scope": "print the manifest again with bot manifest, paste it under App Manifest, and "
    "reinstall the app",
    # The client id and secret.
    "bad_client_secret": _CLIENT_SECRET,
    "invalid_client_id": _CLIENT_ID,
    "invalid_client": f"{_CLIENT_ID}; and {_CLIENT_SECRET}",
    "bad_redirect_uri": "add PUBLIC_URL/connect/slack to the app's redirect URLs (OAuth & "
    "Permissions), exactly as PUBLIC_URL is written here",
    "cannot_install_an_org_installed_app": "the app is installed for a whole organization: create "
    "one for this workspace from the manifest",
    "oauth_authorization_url_mismatch": _REQUEST,
    # The workspace.
    "access_denied": _WORKSPACE,
    "accesslimited": _WORKSPACE,
    "ekm_access_denied": _WORKSPACE,
    "enterprise_is_restricted": _WORKSPACE,
    "no_permission": _WORKSPACE,
    "org_login_required": _WORKSPACE,
    "preview_feature_not_available": _WORKSPACE,
    "team_access_not_granted": _WORKSPACE,
    "two_factor_setup_required": _WORKSPACE,
    # The request.
    "deprecated_endpoint": _REQUEST,
    "invalid_arg_name": _REQUEST,
    "invalid_arguments": _REQUEST,
    "invalid_array_arg": _REQUEST,
    "invalid_charset": _REQUEST,
    "invalid_form_data": _REQUEST,
    "invalid_grant_type": _REQUEST,
    "invalid_post_type": _REQUEST,
    "invalid_refresh_token": _REQUEST,
    "invalid_request": _REQUEST,
    "method_deprecated": _REQUEST,
    "missing_post_type": _REQUEST,
    "unknown_method": _REQUEST,
    "unsupported_grant_type": _REQUEST,
}
PASSING = frozenset(
    {
        "fatal_error",
        "internal_error",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
"""Slack's own problems, and what ends by itself."""


def refused(check: str, code: str, method: str) -> Finding:
    """What it means that a method answered this error."""
    if not code:
        return failure(check, NOT_SLACK, UNREACHABLE)
    if code in CURES:
        return failure(check, f"Slack answers {code}", CURES[code])
    if code in PASSING:
        cure = "that is Slack's own and passes: run bot doctor again in a minute"
        return warning(check, f"Slack answers {code}", cure)
    cure = f"docs.slack.dev/reference/methods/{method} says what it means"
    return warning(check, f"Slack answers {code}", cure)


def code_of(error: SlackApiError) -> str:
    """Slack's own word for what is wrong; empty where it was not Slack who answered."""
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""
