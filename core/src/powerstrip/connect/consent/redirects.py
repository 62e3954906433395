"""Where a consent's answer may come back to, and the link that asks for it."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from powerstrip.adapter import OAuth2
from powerstrip.connect.consent.values import Way
from powerstrip.problems import BadInput, Unprocessable
from powerstrip.settings import Settings

CALLBACK = "/v1/oauth/callback/"
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})/callback/([a-z0-9][a-z0-9_-]{0,63})")
"""RFC 8252, 7.3: the address as a literal, any port; the path names the provider."""


def callback_uri(settings: Settings, provider: str) -> str:
    """The hub's own redirect URI, another for each provider. Raises `Unprocessable` where the hub has no address."""
    if not settings.public_url:
        raise Unprocessable(
            "This hub does not listen, so that no provider can send a browser back to it: start it with `powerstrip serve`, "
            "or finish on this machine (loopback)",
            code="no_public_url",
        )
    return f"{settings.public_url}{CALLBACK}{provider}"


def redirect_uri(settings: Settings, provider: str, way: Way, given: str) -> str:
    """The redirect URI of a consent, exactly as it must come back. Raises `BadInput` and `Unprocessable`."""
    if way == "device":
        return ""
    if way != "loopback":
        if given:
            raise _bad("redirect_uri", "Leave it out: it is the hub's own, unless the way is loopback")
        return callback_uri(settings, provider)
    match = _LOOPBACK.fullmatch(given)
    if match is None or int(match[1]) > 65_535 or match[2] != provider:
        raise _bad("redirect_uri", f"Give http://127.0.0.1:PORT/callback/{provider}")
    return given


def check_return(settings: Settings, url: str) -> str:
    """The same address, if it is on the operator's list letter by letter. Raises `BadInput`."""
    if url and url not in settings.return_to:
        raise _bad("return_to", "This address is not on the list of POWERSTRIP_RETURN_TO")
    return url


def new_verifier() -> str:
    """A PKCE code verifier (RFC 7636, 4.1) of 384 random bits."""
    return secrets.token_urlsafe(48)


def authorize_link(
    endpoint: str,
    auth: OAuth2,
    client_id: str,
    *,
    state: str,
    verifier: str,
    redirect: str,
    scopes: Sequence[str],
    config: Mapping[str, Any],
) -> str:
    """The link to the provider's consent page (RFC 6749, 4.1.1), with PKCE S256 unless the server knows none."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    ours = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect,
        "state": state,
    }
    if auth.pkce:
        ours |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    if scopes:
        ours["scope"] = auth.scope_separator.join(scopes)
    further = [(name, _filled(value, config)) for name, value in auth.authorize_params if name not in ours]
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode([*further, *ours.items()])}"


def _filled(value: str, config: Mapping[str, Any]) -> str:
    """A parameter's value; `{field}` alone stands for that setting."""
    return str(config.get(value[1:-1], "")) if value.startswith("{") and value.endswith("}") else value


def _bad(field: str, message: str) -> BadInput:
    return BadInput(f"The request is not valid: {field}: {message}", details={"errors": [{"path": field, "message": message}]})
