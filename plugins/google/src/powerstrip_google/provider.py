"""The Google adapter's object, how Google says no, and what all its products share.

Sources: developers.google.com/identity/protocols/oauth2 and the reference of each API.
"""

import re
from collections.abc import Iterator
from typing import Any, cast

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from powerstrip.adapter import (
    Account,
    Adapter,
    Http,
    Model,
    OAuth2,
    PowerstripError,
    Rate,
    RateLimited,
    Rejected,
    Response,
    ServiceAccount,
)

_SCOPE = "https://www.googleapis.com/auth/"
SCOPES = tuple(
    _SCOPE + name
    for name in (
        *("userinfo.email", "spreadsheets", "documents", "calendar", "gmail.send", "gmail.readonly"),
        "drive.metadata.readonly",
    )
)
"""Written out in full: so Google names them in its answer, and what was not granted is told by comparing."""

google = Adapter(
    id="google",
    title="Google Workspace",
    description="Work with Sheets, Docs, Calendar and Gmail, find files in Drive, and hear of new rows, mail and events.",
    category="Productivity",
    base_url="https://www.googleapis.com",
    apis={
        "sheets": "https://sheets.googleapis.com/v4",
        "docs": "https://docs.googleapis.com/v1",
        "calendar": "https://www.googleapis.com/calendar/v3",
        "drive": "https://www.googleapis.com/drive/v3",
        "gmail": "https://gmail.googleapis.com/gmail/v1",
        "gmail_upload": "https://gmail.googleapis.com/upload/gmail/v1",
    },
    auth=(
        OAuth2(
            authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
            token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
            revoke_url="https://oauth2.googleapis.com/revoke",
            scopes=("openid", *SCOPES),
            authorize_params=(("access_type", "offline"), ("prompt", "consent")),
        ),
        ServiceAccount(
            scopes=SCOPES,
            help=(
                "Google Cloud console, IAM & Admin, Service Accounts, the account, Keys, Add key: JSON. Share what it works on "
                "with its address, or let it act as a user: Admin console, Security, API controls, Domain-wide delegation."
            ),
        ),
    ),
    rate=Rate(calls=10, seconds=1.0),
    aka=(
        *("google workspace", "gsuite", "g suite", "google sheets", "gsheets", "spreadsheet", "google docs", "gdocs"),
        *("google calendar", "gcal", "gmail", "google mail", "google drive"),
    ),
    docs_url="https://developers.google.com/workspace",
    icon="google",
)


class Wire(Model):
    """What Google sends and takes: its names are in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel)


_LIMITS = {"ratelimitexceeded", "userratelimitexceeded", "quotaexceeded", "dailylimitexceeded", "limitexceeded"}


@google.errors
def check(response: Response) -> PowerstripError | None:
    """Google's own message. A 403 refuses one call, or asks to wait: the credential itself is good.

    Sources: developers.google.com/workspace/calendar/api/guides/errors, google.aip.dev/193.
    """
    if response.status != 403:
        return None
    match response.json():
        case {"error": {"message": str(message), **rest}}:
            reasons = {_flat(each) for each in _reasons(cast(dict[str, Any], rest))}
            if reasons & _LIMITS:
                after = response.headers.get("retry-after", "")
                return RateLimited(message, float(after) if after.isdecimal() else None)
            return Rejected(message + _hint(reasons), 403)
        case _:
            return Rejected("Google refused the request", 403)


def _reasons(error: dict[str, Any]) -> Iterator[str]:
    """Google's words for why, in the older and the newer form of its errors."""
    for name in ("errors", "details"):
        for each in error.get(name) or ():
            if isinstance(each, dict) and isinstance(reason := cast(dict[str, Any], each).get("reason"), str):
                yield reason


def _flat(reason: str) -> str:
    return reason.replace("_", "").lower()


def _hint(reasons: set[str]) -> str:
    if "accesstokenscopeinsufficient" in reasons or "insufficientpermissions" in reasons:
        return " (this product was left out when the account was connected: connect it again and allow it)"
    if "accessnotconfigured" in reasons or "servicedisabled" in reasons:
        return " (enable this API in the Google Cloud project that the app or service account belongs to)"
    return ""


class _Person(Wire):
    id: str = ""
    sub: str = ""
    email: str
    name: str = ""


@google.account
async def account(http: Http) -> Account:
    """The Google account, or the service account, that signs in."""
    person = await http.get("/oauth2/v2/userinfo", returns=_Person)
    return Account(id=person.id or person.sub or person.email, name=person.email, detail=person.name)


_IN_ADDRESS = re.compile(r"^https://[a-z]+\.google\.com/(?:[a-z]+/)*(?:u/\d+/)?d/([A-Za-z0-9_-]+)")


def file_id(text: str) -> str:
    """The id of a file that is named by id or by the address that the browser shows."""
    found = _IN_ADDRESS.match(text)
    return found[1] if found else text
