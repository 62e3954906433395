"""The FHIR adapter's object, its settings and ways to sign in, and how a FHIR server says no.

Sources: hl7.org/fhir/R4/http.html, hl7.org/fhir/R4/operationoutcome.html and hl7.org/fhir/smart-app-launch (2.2).
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import Field

from powerstrip.adapter import (
    Adapter,
    AuthFailed,
    Basic,
    Bearer,
    Model,
    NoAuth,
    OAuth2,
    PowerstripError,
    RateLimited,
    Rejected,
    Response,
    SmartBackend,
    Unavailable,
)

JSON = "application/fhir+json"
ACCEPT = {"Accept": JSON}
Endpoint = Annotated[str, Field(max_length=500, pattern=r"^https?://")]


class Settings(Model):
    """Which server."""

    base_url: Endpoint = Field(title="FHIR base URL", examples=["https://fhir.example.com/r4"])
    """The server's R4 address, such as `https://fhir.example.com/r4`: what stands before `/Patient`."""
    authorize_url: Endpoint | None = Field(default=None, title="Authorize URL", examples=["https://fhir.example.com/authorize"])
    """For SMART launch. Left out, it is looked up at the server's `.well-known/smart-configuration`."""
    token_url: Endpoint | None = Field(default=None, title="Token URL", examples=["https://fhir.example.com/token"])
    """For SMART. Left out, it is looked up; it must be given where sign-in lies on another host than the records."""


_SMART = "/.well-known/smart-configuration"

fhir = Adapter(
    id="fhir",
    title="HL7 FHIR R4",
    description="Read, search and write clinical records of any EHR that speaks FHIR R4, and hear when a patient is admitted.",
    base_url="",
    base_url_field="base_url",
    config=Settings,
    auth=(
        Bearer(help="An access token for the FHIR server, as its operator gave it out."),
        Basic(help="A user of the FHIR server who may do what the automations need."),
        NoAuth(),
        SmartBackend(
            token_url_field="token_url",  # noqa: S106 - a name
            help="The private key whose public half is registered with the EHR for this client.",
        ),
        OAuth2(
            authorize_url="{authorize_url}",
            token_url="{token_url}",  # noqa: S106 - a setting's name
            well_known=_SMART,
            scopes=("openid", "fhirUser", "offline_access", "user/*.rs"),
            authorize_params=(("aud", "{base_url}"),),
        ),
    ),
    aka=(
        *("hl7", "hl7 fhir", "fhir r4", "ehr", "emr", "electronic health record", "patient records", "smart on fhir"),
        *("epic", "cerner", "oracle health", "hapi", "medplum", "athenahealth", "google healthcare api"),
    ),
    docs_url="https://hl7.org/fhir/R4/http.html",
    icon="fhir",
)

_VERSION = re.compile(r"fhirVersion=\"?([0-9]+\.[0-9]+)", re.IGNORECASE)
VERSIONS = ("4.0", "4.3")
"""R4, and R4B, which changes few resources."""
_SIGN_IN = ("login", "expired", "unknown", "session-expired")
_LATER = ("transient", "lock-error", "no-store", "timeout", "incomplete", "exception")
_KEPT = 5
"""Issues of an outcome that are told."""
_PEEK = 4096


@fhir.errors
def check(response: Response) -> PowerstripError | None:
    """An OperationOutcome in words, whatever the status: some servers say no with 200. Another FHIR version is a no too.

    A 403 that is no matter of signing in means that the credential may not do this one thing: the credential itself is good.
    """
    version = _VERSION.search(response.headers.get("content-type", ""))
    if version and version[1] not in VERSIONS:
        return Rejected(
            f"The server answered in FHIR {version[1]}, and this adapter speaks R4: check the base URL", response.status
        )
    if response.status < 400 and b'"OperationOutcome"' not in response.body[:_PEEK]:
        return None
    match response.json():
        case {"resourceType": "OperationOutcome", "issue": [*issues]}:
            return outcome_error([cast(dict[str, Any], each) for each in issues if isinstance(each, dict)], response)
        case _:
            return None


def words_of(outcome: Mapping[str, Any]) -> str:
    """All that an OperationOutcome says, as one line."""
    issues = outcome.get("issue")
    rows = cast(list[Any], issues) if isinstance(issues, list) else []
    return "; ".join(_words(cast(dict[str, Any], each)) for each in rows[:_KEPT] if isinstance(each, dict))


def outcome_error(issues: list[dict[str, Any]], response: Response) -> PowerstripError | None:
    """What an outcome's errors are, None where it only informs."""
    wrong = [each for each in issues if each.get("severity") in ("error", "fatal")] or (issues if response.status >= 400 else [])
    if not wrong:
        return None
    words = "; ".join(_words(each) for each in wrong[:_KEPT])
    codes = {str(each.get("code")) for each in wrong}
    status = response.status
    if status == 401 or (status in (200, 403) and codes & set(_SIGN_IN)):
        return AuthFailed(words)
    if status == 429 or "throttled" in codes:
        return RateLimited(words, _wait(response))
    if status >= 500 or (status < 300 and codes & set(_LATER)):
        return Unavailable(words, _wait(response))
    return Rejected(words, status)


def _wait(response: Response) -> float | None:
    """Seconds of `Retry-After`; FHIR servers do not write dates there."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _words(issue: dict[str, Any]) -> str:
    """One issue as the server put it: its text, else its details, else its code, and where it was."""
    details = issue.get("details")
    given = cast(dict[str, Any], details).get("text") if isinstance(details, dict) else None
    text = given or issue.get("diagnostics") or issue.get("code") or "the server refused the request"
    place = issue.get("expression") or issue.get("location")
    where = str(cast(list[Any], place)[0]) if isinstance(place, list) and place else ""
    return f"{text} ({where})" if where else str(text)
