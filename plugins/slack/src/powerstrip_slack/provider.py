"""The Slack adapter's object, its settings, and how Slack says no."""

from typing import Annotated, Any

from pydantic import Field

from powerstrip.adapter import (
    Adapter,
    AuthFailed,
    Bearer,
    Model,
    OAuth2,
    Pick,
    PowerstripError,
    RateLimited,
    Rejected,
    Response,
    Unavailable,
)

SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:manage",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "reactions:read",
    "reactions:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
"""What the actions, pickers and events below need, and no more."""


class Settings(Model):
    """Where messages go that name no channel."""

    default_channel: Annotated[str, Pick("channel"), Field(min_length=1, max_length=80)] | None = Field(
        None, title="Default channel"
    )
    """`#name` or id of the channel for messages that name none. Invite the bot there."""


slack = Adapter(
    id="slack",
    title="Slack",
    description="Post messages and files, read channels and people, and hear what happens in a workspace.",
    category="Messaging",
    base_url="https://slack.com/api",
    hosts=("files.slack.com",),
    auth=(
        OAuth2(
            authorize_url="https://slack.com/oauth/v2/authorize",
            token_url="https://slack.com/api/oauth.v2.access",  # noqa: S106 - an address
            scopes=SCOPES,
            scope_separator=",",
        ),
        Bearer(
            kind="bot_token",
            field="bot_token",
            title="Bot token",
            help="At api.slack.com/apps: choose the app, then OAuth & Permissions, Bot User OAuth Token. It begins with xoxb-.",
        ),
    ),
    config=Settings,
    aka=("slack bot", "slack channel"),
    docs_url="https://docs.slack.dev/apis/web-api/",
    icon="slack",
)

_REFUSED = (
    "account_inactive",
    "invalid_auth",
    "not_authed",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
)
_BROKEN = ("fatal_error", "internal_error", "request_timeout", "service_unavailable")
_HINTS = {
    "channel_not_found": "give the channel's id, and invite the bot if the channel is private",
    "is_archived": "the channel is archived",
    "msg_too_long": "the text is too long",
    "not_in_channel": "invite the bot to the channel first",
    "users_not_found": "nobody in the workspace has this email",
}


@slack.errors
def check(response: Response) -> PowerstripError | None:
    """Slack says no with HTTP 200 and `ok: false`.

    Source: https://docs.slack.dev/apis/web-api/#responses. A scope that is missing is a refusal of this call, not of the token.
    """
    if response.status != 200 or "json" not in response.headers.get("content-type", ""):
        return None
    match response.json():
        case {"ok": False, "error": "ratelimited" | "rate_limited"}:
            return RateLimited("ratelimited", _seconds(response.headers.get("retry-after", "")))
        case {"ok": False, "error": str(error)} if error in _REFUSED:
            return AuthFailed(error)
        case {"ok": False, "error": str(error)} if error in _BROKEN:
            return Unavailable(error)
        case {"ok": False, **body}:
            return Rejected(_words(body), 200)
        case _:
            return None


def _words(body: dict[str, Any]) -> str:
    """Slack's own code, with what it says beside it."""
    match body:
        case {"error": "missing_scope", "needed": str(needed)}:
            return f"missing_scope: add {needed} to the app's scopes and reinstall it"
        case {"error": str(error), "response_metadata": {"messages": [*messages]}} if messages:
            return f"{error}: {'; '.join(map(str, messages))}"
        case {"error": str(error)}:
            return f"{error}: {_HINTS[error]}" if error in _HINTS else error
        case _:
            return "unknown_error"


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None
