"""What is made of a token endpoint's answer, however odd."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from powerstrip.adapter import (
    AuthFailed,
    ClientCredentials,
    OAuth2,
    PowerstripError,
    RateLimited,
    Response,
    TokenPaths,
    Unavailable,
)
from powerstrip.connect.tokens import ClientRefused, read_grant

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AUTH = OAuth2(authorize_url="https://acme.example/authorize", token_url="https://acme.example/token")
TOKEN = "acme-invented-token-0001"


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers, raw)


def read(body: Any, auth: Any = AUTH) -> Any:
    return read_grant(auth, answer(body), NOW)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (3600, "2026-11-22T13:00:00.000000Z"),
        ("3600", "2026-11-22T13:00:00.000000Z"),
        (3600.5, "2026-11-22T13:00:00.500000Z"),
        (10**9, "2027-11-23T12:00:00.000000Z"),
        ("2026-11-22T14:00:00Z", "2026-11-22T14:00:00.000000Z"),
        ("2026-11-22T15:00:00+01:00", "2026-11-22T14:00:00.000000Z"),
        ("9999-12-31T23:59:59-12:00", None),
        (-1, None),
        (0, None),
        (None, None),
        ("soon", None),
        (True, None),
        ([3600], None),
        ("20261123", "2027-07-15T00:05:23.000000Z"),
    ],
)
def test_odd_lifetimes(given: Any, kept: str | None) -> None:
    assert read({"access_token": TOKEN, "expires_in": given}).expires_at == kept


def test_no_lifetime_is_no_end() -> None:
    grant = read({"access_token": TOKEN})
    assert (grant.expires_at, grant.refresh_token, grant.scopes, grant.token_type) == (None, None, None, "bearer")


def test_slacks_user_token_stands_elsewhere() -> None:
    names = {
        "access": "access_token",
        "refresh": "refresh_token",
        "expires": "expires_in",
        "scope": "scope",
        "kind": "token_type",
    }
    paths = TokenPaths(**{part: f"authed_user.{name}" for part, name in names.items()})
    auth = OAuth2(authorize_url="https://x.example", token_url="https://x.example", paths=paths, scope_separator=",")
    user = {"access_token": TOKEN, "scope": "a,b", "token_type": "user"}
    body = {"ok": True, "access_token": "xoxb-invented-0000", "authed_user": user}

    grant = read(body, auth)

    assert (grant.access_token, grant.scopes) == (TOKEN, ("a", "b"))
    assert "xoxb" not in repr(grant) + str(dict(grant.extra))
    assert TOKEN not in repr(grant) + str(dict(grant.extra))


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"error": "invalid_grant"}, 400, AuthFailed),
        ({}, 404, AuthFailed),
        ({"ok": False, "error": "invalid_refresh_token"}, 200, AuthFailed),
        ({"error": "bad_refresh_token"}, 200, AuthFailed),
        ({"access_token": TOKEN, "token_type": "mac"}, 200, AuthFailed),
        ({"error": "temporarily_unavailable"}, 400, Unavailable),
        ({"ok": False, "error": "ratelimited"}, 200, RateLimited),
        ({}, 429, RateLimited),
        ({}, 500, Unavailable),
        ({}, 408, Unavailable),
        ({"access_token": TOKEN}, 302, Unavailable),
        ({"access_token": ""}, 200, Unavailable),
        ({"access_token": "two words"}, 200, Unavailable),
        ({"access_token": "line\r\nbreak"}, 200, Unavailable),
        ({"access_token": "x" * 20_000}, 200, Unavailable),
        ({"access_token": {"a": 1}}, 200, Unavailable),
        ([], 200, Unavailable),
        (b"<html>", 200, Unavailable),
        (b"\xff\xfe", 200, Unavailable),
        (b'{"access_token": "a", "access_token": "b"}', 200, Unavailable),
        (b"[" * 100_000, 200, Unavailable),
    ],
)
def test_what_a_no_means(body: Any, status: int, error: type[PowerstripError]) -> None:
    with pytest.raises(error) as caught:
        read_grant(AUTH, answer(body, status), NOW)
    assert type(caught.value) is error


def test_a_refused_client_is_the_operators_matter_for_consents_alone() -> None:
    refusal = answer({"error": "invalid_client"}, 401)
    with pytest.raises(ClientRefused):
        read_grant(AUTH, refusal, NOW)
    with pytest.raises(AuthFailed):
        read_grant(ClientCredentials(token_url="https://acme.example/token"), refusal, NOW)


def test_a_providers_words_are_kept_without_secrets_and_on_one_line() -> None:
    refusal = answer({"error": "invalid_grant", "error_description": f"line\n\x1b[31m{TOKEN} is old"}, 400)
    with pytest.raises(AuthFailed) as caught:
        read_grant(AUTH, refusal, NOW, [TOKEN])
    assert TOKEN not in caught.value.message
    assert "[secret]" in caught.value.message
    assert caught.value.message.isprintable()


def test_retry_after_is_heeded() -> None:
    with pytest.raises(RateLimited) as caught:
        read_grant(AUTH, answer({}, 429, **{"retry-after": "40"}), NOW)
    assert caught.value.retry_after == 40
