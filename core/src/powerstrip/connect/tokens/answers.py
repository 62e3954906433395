"""Reading what a token endpoint answers (RFC 6749, 5.1 and 5.2), and what providers make of that.

An answer is untrusted: it may be no JSON, have odd values, or say no with a status of 200. Nothing of it is repeated in an error
but the provider's error code and description, on one line.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from powerstrip.adapter import AuthFailed, OAuth2, PowerstripError, RateLimited, Response, TokenAuth, Unavailable
from powerstrip.adapter.statuses import retry_after
from powerstrip.clock import rfc3339
from powerstrip.connect.running import one_line
from powerstrip.connect.tokens.values import Grant
from powerstrip.edge import Scrub
from powerstrip.problems import BadInput
from powerstrip.strictjson import strict_json

MAX_TOKEN = 16 * 1024
"""Characters. What is longer goes into no header."""
MAX_LIFETIME = timedelta(days=366)
"""A token said to hold for longer is looked at again after this: nobody's clock says 30 years and means it."""
MAX_SCOPES = 500
LATER = frozenset((408, 425, 429))
"""Client errors that say "not now" (RFC 9110, 15.5.9; RFC 8470; RFC 6585)."""
_SLOWER = frozenset(("slow_down", "ratelimited", "rate_limited"))
_LATER_CODES = frozenset(
    ("temporarily_unavailable", "server_error", "internal_error", "fatal_error", "service_unavailable", "request_timeout")
)
"""`error` values that say the same, also with a status of 200 as Slack has it (RFC 6749, 4.1.2.1; Slack, "Errors")."""
_CLIENT_CODES = frozenset(["invalid_client", "unauthorized_client", "incorrect_client_credentials", "bad_client_secret"])
"""The provider does not know this hub (RFC 6749, 5.2; GitHub and Slack have their own words)."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
_SECRETS = re.compile(r"(.*_)?(token|secret|assertion|code)", re.IGNORECASE)


class ClientRefused(Unavailable):
    """The provider refuses this hub's own OAuth client: no person's consent is at fault, and none is undone."""


def read_grant(auth: TokenAuth, response: Response, now: datetime, secrets: Iterable[str] = ()) -> Grant:
    """The checked answer. Raises `AuthFailed` for a no that stays one, `RateLimited` and `Unavailable` for "not now".

    A wrong `expires_in` never fails the exchange: what is no number, or none above zero, counts as unknown, so the token is used
    until it is refused; too much is cut to a year. `secrets` are what the request carried: a provider's words may repeat them.
    """
    body = body_of(response)
    refuse(auth, response, body, secrets)
    access = _text(body, auth.paths.access)
    if not access or len(access) > MAX_TOKEN or not _TOKEN.fullmatch(access):
        raise Unavailable("The provider answered without an access token that a request could carry")
    kind = _text(body, auth.paths.kind) or "bearer"
    if kind.lower() not in ("bearer", "bot", "user", "token"):
        raise AuthFailed(f"The provider gave a token of a kind that this hub cannot use ({one_line(kind)[:40]})")
    refresh = _text(body, auth.paths.refresh)
    return Grant(
        access_token=access,
        token_type=one_line(kind)[:40],
        refresh_token=refresh if refresh and len(refresh) <= MAX_TOKEN else None,
        expires_at=_expiry(at_path(body, auth.paths.expires), now),
        scopes=_scopes(at_path(body, auth.paths.scope), auth.scope_separator),
        extra=cast(Mapping[str, Any], _without_secrets(body)),
    )


def body_of(response: Response) -> dict[str, Any]:
    """An answer's JSON object; empty where it is none."""
    try:
        read: Any = strict_json(response.body)
    except BadInput:
        return {}
    return cast(dict[str, Any], read) if isinstance(read, dict) else {}


def refuse(auth: TokenAuth, response: Response, body: Mapping[str, Any], secrets: Iterable[str] = ()) -> None:
    """Raise what a refusal means."""
    code = body.get("error") if isinstance(body.get("error"), str) else ""
    failed = bool(code) or body.get("ok") is False
    if 200 <= response.status < 300 and not failed:
        return
    error = _meaning(auth, response, str(code))
    error.message = _words(error.message, str(code), body)
    Scrub(secrets).error(error)
    raise error


def _meaning(auth: TokenAuth, response: Response, code: str) -> PowerstripError:
    wait = retry_after(response.headers)
    if response.status == 429 or code in _SLOWER:
        return RateLimited("The provider asks for fewer requests for access tokens", wait)
    if response.status in LATER or code in _LATER_CODES or not (200 <= response.status < 300 or 400 <= response.status < 500):
        return Unavailable(f"The provider gave no access token for now (status {response.status})", wait)
    if code in _CLIENT_CODES and isinstance(auth, OAuth2):
        return ClientRefused(
            "The provider does not accept this hub's OAuth client: the operator must set its id and secret again"
        )
    return AuthFailed("The provider refuses an access token")


def _words(message: str, code: str, body: Mapping[str, Any]) -> str:
    described = body.get("error_description")
    words = ": ".join(one_line(each)[:200] for each in (code, described) if isinstance(each, str) and each)
    return f"{message} ({words})" if words else message


def at_path(body: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path of an answer; None where nothing does."""
    found: Any = body
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = cast(Mapping[str, Any], found).get(part)
    return found


def _text(body: Mapping[str, Any], path: str) -> str:
    found = at_path(body, path)
    return found if isinstance(found, str) else ""


def _expiry(value: Any, now: datetime) -> str | None:
    """A stamp; None where the answer tells no time that is still to come."""
    seconds = _seconds(value, now)
    if seconds is None or seconds <= 0:
        return None
    return rfc3339(now + timedelta(seconds=min(seconds, MAX_LIFETIME.total_seconds())))


def _seconds(value: Any, now: datetime) -> float | None:
    if isinstance(value, str):
        at = _time(value)
        return _number(value) if at is None else (at - now).total_seconds()
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _number(text: str) -> float | None:
    """Seconds as text, as some have it."""
    return float(text) if re.fullmatch(r"-?[0-9]{1,12}", text, re.ASCII) else None


def _time(text: str) -> datetime | None:
    """A time such as 2026-01-02T03:04:05Z. A bare number is none, though the standard library reads eight digits as a date."""
    if "T" not in text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _scopes(value: Any, separator: str) -> tuple[str, ...] | None:
    match value:
        case str():
            words = re.split(rf"[\s{re.escape(separator)}]+", value)
        case list():
            words = [each for each in cast(list[Any], value) if isinstance(each, str)]
        case dict():
            words = [f"{name}:{level}" for name, level in cast(dict[str, Any], value).items() if isinstance(level, str)]
        case _:
            return None
    clean = (one_line(word)[:200] for word in words[:MAX_SCOPES])
    return tuple(dict.fromkeys(word for word in clean if word))


def _without_secrets(value: Any) -> Any:
    match value:
        case dict():
            items = cast(dict[str, Any], value).items()
            return {name: _without_secrets(each) for name, each in items if not _SECRETS.fullmatch(name)}
        case list():
            return [_without_secrets(each) for each in cast(list[Any], value)]
        case _:
            return value
