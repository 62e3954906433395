"""Composing a request for an access token: the auth value says what it holds, the vault signs it. Nothing is sent here."""

from collections.abc import Mapping
from typing import Any

from powerstrip.adapter import AuthFailed, Request, TokenAuth
from powerstrip.adapter.token_auth import Algorithm
from powerstrip.clock import now
from powerstrip.connect.guarding import plugin_code
from powerstrip.vault import BadKey, sign_jwt


def compose(auth: TokenAuth, url: str, credentials: Mapping[str, str], config: Mapping[str, Any]) -> Request:
    """The request for a token with these credentials, signed. Raises `AuthFailed` where they cannot make one."""
    with plugin_code(f"{auth.kind}:ask"):
        try:
            return auth.ask(url, credentials, config, _sign, now())
        except KeyError:
            raise AuthFailed("The stored credential is not complete for this way of signing in. Enter it again") from None


def _sign(algorithm: Algorithm, key: str, claims: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    try:
        return sign_jwt(algorithm, key, claims, headers)
    except BadKey as error:
        raise AuthFailed(str(error)) from None
