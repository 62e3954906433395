"""What goes in and out of a consent."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from powerstrip.adapter import Adapter, OAuth2
from powerstrip.connect.running import one_line
from powerstrip.connect.values import Mode
from powerstrip.problems import BadInput, Unprocessable
from powerstrip.store import Consent
from powerstrip.urls import BadUrl, parse_url
from powerstrip.value import Hidden, Value, field

Way: TypeAlias = Literal["callback", "loopback", "paste", "device"]
"""How a consent's answer comes back: to the hub, to the admin's machine (RFC 8252), by hand, or not at all (RFC 8628)."""

MAX_CODE = 4096
MAX_SCOPES = 200
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,256}")
"""RFC 6749, 3.3."""
_ANSWER = ("state", "code", "error", "error_description", "iss")


class ConsentFailed(Unprocessable):
    """A consent that came to nothing. `code` says why to programs, the message what to do next."""


class NewConsent(Value):
    """A connection that a person is to consent to. With `integration_id` an integration is connected again.

    `scopes` None asks for the adapter's own; `redirect_uri` is that of the admin's machine where the way is `loopback`.
    """

    provider: str = ""
    name: str = ""
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    scopes: Sequence[str] | None = None
    auth_kind: str | None = None
    mode: Mode | None = None
    integration_id: str | None = None
    accept_other_account: bool = False
    way: Way = "callback"
    redirect_uri: str = ""
    return_to: str = ""


class Begun(Value):
    """A consent on its way. `authorize_url` is where the person goes; a device flow has a code to enter there instead."""

    consent: Consent
    authorize_url: Hidden[str]
    user_code: Hidden[str] = ""


class Answer(Value):
    """What a provider's redirect says (RFC 6749, 4.1.2), each part given once."""

    state: Hidden[str] = ""
    code: Hidden[str] = ""
    error: str = ""
    error_description: str = ""
    iss: str = ""


def read_answer(pairs: Iterable[tuple[str, str]]) -> Answer:
    """The answer in a redirect's query; what else a provider puts there is left aside.

    Raises `ConsentFailed` for a part that is given twice or is too long.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in _ANSWER:
            continue
        if name in found:
            raise ConsentFailed("The provider's answer holds something twice. Start again", code="malformed_answer")
        if len(value) > MAX_CODE:
            raise ConsentFailed("The provider's answer is too long. Start again", code="malformed_answer")
        found[name] = value
    return Answer(**found)


def refusal_of(answer: Answer) -> ConsentFailed | None:
    """The failure that an answer tells of, in words that are safe to show; None where it holds a code alone."""
    if answer.error:
        words = one_line(answer.error_description or answer.error)
        if answer.error == "access_denied":
            return ConsentFailed(f"The provider says that access was not given ({words}). Start again to give it", code="denied")
        return ConsentFailed(f"The provider refused: {words}", code="provider_refused")
    if not answer.code:
        return ConsentFailed("The provider's answer holds no code. Start again", code="malformed_answer")
    return None


def oauth2_of(adapter: Adapter, kind: str | None = None) -> OAuth2:
    """The way to sign in by consent. Raises `Unprocessable` where the provider has none, or none of this kind."""
    for auth in adapter.auths:
        if isinstance(auth, OAuth2) and kind in (None, auth.kind):
            return auth
    raise Unprocessable(
        f"{adapter.title} is not connected by a consent in a browser: use `powerstrip integrations create {adapter.id}`",
        code="no_consent",
    )


def check_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    """The scopes without repeats. Raises `BadInput`."""
    if len(scopes) > MAX_SCOPES or not all(_SCOPE.fullmatch(scope) for scope in scopes):
        message = f"Give at most {MAX_SCOPES} names without blanks"
        raise BadInput(f"The scopes are not valid. {message}", details={"errors": [{"path": "scopes", "message": message}]})
    return tuple(dict.fromkeys(scopes))


def missing_scopes(consent: Consent) -> list[str]:
    """What was asked for and not granted; nothing where the provider did not say what it granted."""
    return [scope for scope in consent.scopes if scope not in consent.granted] if consent.granted else []


def digest(token: str) -> str:
    """What is kept of a random token of 128 bits or more."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def web_address(text: str) -> str:
    """An address that a provider handed out for a browser. Raises `ConsentFailed` for anything but http(s)."""
    try:
        return parse_url(text).text
    except BadUrl:
        raise ConsentFailed("The provider gave an address that cannot be opened", code="malformed_answer") from None
