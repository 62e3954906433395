"""Ways to sign in with an access token that the hub fetches and renews.

As all auth values these do no I/O and keep nothing. They say which form an admin fills (or that a person consents in a browser),
how a token is asked for, and where it stands in the answer. The hub sends the request, keeps the answer sealed and renews it.

Sources: RFC 6749 (OAuth 2.0), RFC 6750 (bearer), RFC 7009 (revocation), RFC 7521 and 7523 (JWT assertions), RFC 7636 (PKCE),
RFC 8628 (device flow), RFC 9207 (`iss` in the answer to an authorization request).
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias, cast
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import Field

from powerstrip.adapter.auth import Auth, ConnectMode, Credentials, Settings, basic_header, form_of, secret_field
from powerstrip.adapter.errors import AuthFailed
from powerstrip.adapter.http import Request
from powerstrip.adapter.model import Model

Algorithm: TypeAlias = Literal["RS256", "RS384", "ES256", "ES384"]
"""Names of RFC 7518, 3.1."""
ClientAuth: TypeAlias = Literal["basic", "post", "none"]
"""How a client proves itself at the token endpoint (RFC 6749, 2.3.1): a header, the form, or not at all (a public client)."""
Signer: TypeAlias = Callable[[Algorithm, str, Mapping[str, Any], Mapping[str, str]], str]
"""Makes a JWT of an algorithm, a private key (PEM), claims and further headers. The hub's vault hands it in."""

_FIELD = re.compile(r"\{([a-z_][a-z0-9_]*)\}", re.ASCII)
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 300
"""How long an assertion holds. SMART Backend Services allow no more than five minutes."""


@dataclass(frozen=True, kw_only=True)
class TokenPaths:
    """Where the parts of a token stand in an answer, as dotted paths.

    The defaults are those of RFC 6749, 5.1. `expires` may lead to seconds or to a time (RFC 3339), `scope` to a text, a list or
    an object of names and levels. Slack's user token, for one, stands under `authed_user`.
    """

    access: str = "access_token"
    refresh: str = "refresh_token"
    expires: str = "expires_in"
    scope: str = "scope"
    kind: str = "token_type"


@dataclass(frozen=True, kw_only=True)
class TokenAuth(Auth):
    """The base of every kind whose access token the hub fetches and renews. It signs as RFC 6750 bearer.

    `token_url` is an https address, in which `{field}` stands for a setting of the integration, or a path beginning with `/`
    below the integration's base URL. Its host is thereby declared: tokens are asked for there and nowhere else.
    """

    needs_token: ClassVar[bool] = True
    token_url: str
    scopes: tuple[str, ...] = ()
    scope_separator: str = " "
    paths: TokenPaths = TokenPaths()

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        return request.with_headers(Authorization=f"Bearer {credentials['access_token']}")

    def ask(self, url: str, credentials: Credentials, settings: Settings, sign: Signer, now: datetime) -> Request:
        """The request for a new token at the endpoint `url`, made of what the form holds. Raises `AuthFailed` for a bad key."""
        raise NotImplementedError

    @property
    def scope(self) -> str:
        """The scopes as one text."""
        return self.scope_separator.join(self.scopes)


@dataclass(frozen=True, kw_only=True)
class OAuth2(TokenAuth):
    """The authorization-code grant (RFC 6749, 4.1) with PKCE S256 (RFC 7636): a person consents in a browser.

    `authorize_params` are further parameters of the authorize link, such as `("access_type", "offline")`. `issuer` is what the
    answer's `iss` must be (RFC 9207), empty where the server sends none. `revoke_url` (RFC 7009) and `device_url` (RFC 8628) are
    empty where there is none. `refreshes` is false where the provider's tokens do not expire and no refresh token comes.
    All addresses may hold `{field}` of the settings, or be one: `{token_url}` alone is the whole address. So may the values of
    `authorize_params`. `well_known` is a path below the base URL where a server names the endpoints whose setting is left empty,
    as `authorization_endpoint` and `token_endpoint` (RFC 8414, 2; SMART App Launch 2.2, "Conformance"); what it names must lie on
    the server's own host or on one of the adapter's `hosts`. `tells` names settings that the answer with the token fills in, each
    with its dotted path there, such as `("instance_url", "instance_url")`: where the account lives, as only the provider knows.
    `body` is "json" where the token endpoint wants JSON in place of the
    form of RFC 6749. `pkce` is false for the few servers that know no PKCE and refuse its parameters.
    """

    kind: str = "oauth2"
    connect: ConnectMode = "redirect"
    needs_consent: ClassVar[bool] = True
    authorize_url: str
    revoke_url: str = ""
    device_url: str = ""
    issuer: str = ""
    authorize_params: tuple[tuple[str, str], ...] = ()
    client_auth: ClientAuth = "post"
    refreshes: bool = True
    well_known: str = ""
    tells: tuple[tuple[str, str], ...] = ()
    body: Literal["form", "json"] = "form"
    pkce: bool = True

    def form(self) -> type[Model]:
        return form_of("OAuth2Grant")


@dataclass(frozen=True, kw_only=True)
class ClientCredentials(TokenAuth):
    """The client-credentials grant (RFC 6749, 4.4): the hub signs in as itself.

    `params` are further fields of the request, such as `("audience", "https://api.acme.example")`.
    """

    kind: str = "oauth2_client_credentials"
    client_auth: Literal["basic", "post"] = "basic"
    params: tuple[tuple[str, str], ...] = ()
    client_help: str = ""
    """Where at the provider the client's id is found."""

    def form(self) -> type[Model]:
        client = (str, Field(title="Client id", description=self.client_help or None, min_length=1, max_length=512))
        return form_of("ClientCredentialsForm", client_id=client, client_secret=secret_field("Client secret", self.help))

    def ask(self, url: str, credentials: Credentials, settings: Settings, sign: Signer, now: datetime) -> Request:
        fields = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scopes else {}) | dict(self.params)
        client, secret = credentials["client_id"], credentials["client_secret"]
        return prove_client(token_request(url, fields), self.client_auth, client, secret)


@dataclass(frozen=True, kw_only=True)
class JwtBearer(TokenAuth):
    """The JWT bearer grant (RFC 7523, 2.1): the hub signs an assertion with a private key.

    `audience` is the claim `aud`, the token endpoint where it is empty; `{field}` in it stands for a setting. `scope_in` says
    whether the scopes stand in the form (RFC 7521, 4.1) or in the claims, as some providers have it. `issuer_help` and
    `subject_help` say where at the provider the two are found.
    """

    kind: str = "jwt_bearer"
    connect: ConnectMode = "service"
    algorithm: Algorithm = "RS256"
    audience: str = ""
    scope_in: Literal["form", "claims"] = "form"
    claims: tuple[tuple[str, str], ...] = ()
    issuer_help: str = ""
    subject_help: str = "The issuer, if empty."

    def form(self) -> type[Model]:
        about = self.issuer_help or None
        return form_of(
            "JwtBearerForm",
            issuer=(str, Field(title="Issuer", description=about, min_length=1, max_length=512)),
            subject=(str, Field("", title="Subject", description=self.subject_help, max_length=512)),
            key_id=(str, Field("", title="Key id", description="If the provider gave the key one.", max_length=512)),
            private_key=secret_field("Private key (PEM)", self.help),
        )

    def ask(self, url: str, credentials: Credentials, settings: Settings, sign: Signer, now: datetime) -> Request:
        issuer = credentials["issuer"]
        claims = dict(self.claims) | {
            "iss": issuer,
            "sub": credentials.get("subject") or issuer,
            "aud": _FIELD.sub(lambda field: str(settings.get(field[1], "")), self.audience) or url,
        }
        fields = {"grant_type": JWT_BEARER}
        if self.scopes:
            (claims if self.scope_in == "claims" else fields)["scope"] = self.scope
        headers = _key_header(credentials)
        assertion = sign(self.algorithm, credentials["private_key"], claims | _times(now), headers)
        return token_request(url, fields | {"assertion": assertion})


@dataclass(frozen=True, kw_only=True)
class ServiceAccount(TokenAuth):
    """A Google service account: its whole JSON key file is the secret. The file's own `token_uri` is not followed.

    Source: Google Identity, "Using OAuth 2.0 for server to server applications".
    """

    kind: str = "service_account"
    connect: ConnectMode = "service"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

    def form(self) -> type[Model]:
        subject = (
            str,
            Field("", title="Act as", description="A user of the domain to act for, if any.", max_length=512),
        )
        return form_of("ServiceAccountKey", key=secret_field("JSON key file", self.help), subject=subject)

    def ask(self, url: str, credentials: Credentials, settings: Settings, sign: Signer, now: datetime) -> Request:
        key = _key_file(credentials["key"])
        claims = {"iss": key["client_email"], "scope": self.scope, "aud": url} | _times(now)
        if subject := credentials.get("subject"):
            claims["sub"] = subject
        headers = {"kid": key["private_key_id"]} if key.get("private_key_id") else {}
        assertion = sign("RS256", key["private_key"], claims, headers)
        return token_request(url, {"grant_type": JWT_BEARER, "assertion": assertion})


@dataclass(frozen=True, kw_only=True)
class GitHubApp(TokenAuth):
    """A GitHub App's installation: a JWT of the app's key gives a token of one hour for one installation.

    Source: GitHub Docs, "Generating a JSON Web Token (JWT) for a GitHub App" (it holds at most ten minutes, and is dated one
    minute back against clock drift) and "Create an installation access token for an app".
    """

    kind: str = "github_app"
    connect: ConnectMode = "service"
    token_url: str = "/app/installations"  # noqa: S105 - a path
    paths: TokenPaths = TokenPaths(access="token", expires="expires_at", scope="permissions")

    def form(self) -> type[Model]:
        number = Field(title="Installation id", pattern=r"^[0-9]{1,20}$", description="The number at the end of its address.")
        return form_of(
            "GitHubAppForm",
            app_id=(str, Field(title="App id or client id", pattern=r"^[A-Za-z0-9.]{1,64}$")),
            installation_id=(str, number),
            private_key=secret_field("Private key (PEM)", self.help),
        )

    def ask(self, url: str, credentials: Credentials, settings: Settings, sign: Signer, now: datetime) -> Request:
        at = int(now.timestamp())
        claims = {"iss": credentials["app_id"], "iat": at - 60, "exp": at + 540}
        token = sign("RS256", credentials["private_key"], claims, {})
        target = f"{url}/{quote(credentials['installation_id'], safe='')}/access_tokens"
        headers = (("Accept", "application/vnd.github+json"), ("Authorization", f"Bearer {token}"))
        return Request("POST", target, headers=headers, signed=False)


@dataclass(frozen=True, kw_only=True)
class SmartBackend(TokenAuth):
    """SMART Backend Services: the client-credentials grant with a signed assertion in place of a secret (RFC 7523, 2.2).

    An empty `token_url` is looked up at the FHIR server's `.well-known/smart-configuration`; `token_url_field` names a setting in
    which an admin may give it. A looked-up endpoint must lie on the FHIR server's host or on one of the adapter's `hosts`.

    Source: HL7 SMART App Launch 2.2, "Backend Services" and "Client Authentication: Asymmetric".
    """

    kind: str = "smart_backend"
    connect: ConnectMode = "service"
    token_url: str = ""
    token_url_field: str = ""
    algorithm: Literal["RS384", "ES384"] = "RS384"
    scopes: tuple[str, ...] = ("system/*.rs",)

    def form(self) -> type[Model]:
        return form_of(
            "SmartBackendForm",
            client_id=(str, Field(title="Client id", min_length=1, max_length=512)),
            key_id=(str, Field(title="Key id", description="`kid` of the registered public key.", min_length=1, max_length=512)),
            private_key=secret_field("Private key (PEM)", self.help),
        )

    def ask(self, url: str, credentials: Credentials, settings: Settings, sign: Signer, now: datetime) -> Request:
        client = credentials["client_id"]
        claims = {"iss": client, "sub": client, "aud": url, "jti": secrets.token_urlsafe(24)} | _times(now)
        assertion = sign(self.algorithm, credentials["private_key"], claims, _key_header(credentials))
        fields = {"grant_type": "client_credentials", "scope": self.scope, "client_assertion_type": CLIENT_ASSERTION}
        return token_request(url, fields | {"client_assertion": assertion})


def token_request(url: str, fields: Mapping[str, str]) -> Request:
    """A request to a token endpoint (RFC 6749, 3.2): a form, and JSON wanted."""
    headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"))
    return Request("POST", url, headers=headers, body=urlencode(fields).encode(), signed=False)


def prove_client(request: Request, method: ClientAuth, client_id: str, secret: str) -> Request:
    """The request with the client's id and its proof (RFC 6749, 2.3.1: both are form-encoded before they are joined)."""
    if method == "basic":
        return request.with_headers(Authorization=basic_header(quote(client_id, safe=""), quote(secret, safe="")))
    fields = {"client_id": client_id} | ({"client_secret": secret} if method == "post" else {})
    body = cast(bytes, request.body)
    joined = body + (b"&" if body else b"") + urlencode(fields).encode()
    return Request(request.method, request.target, headers=request.headers, body=joined, signed=False)


def token_fields(request: Request) -> dict[str, str]:
    """The fields of a request to a token endpoint, whichever way they are written."""
    text = request.body.decode() if isinstance(request.body, bytes) else ""
    return json.loads(text) if text.startswith("{") else dict(parse_qsl(text, keep_blank_values=True))


def in_json(request: Request) -> Request:
    """A request to a token endpoint with its fields as JSON, for servers that want them so."""
    headers = tuple((name, "application/json" if name == "Content-Type" else value) for name, value in request.headers)
    body = json.dumps(token_fields(request)).encode()
    return Request(request.method, request.target, headers=headers, body=body, signed=False)


def _times(now: datetime) -> dict[str, int]:
    at = int(now.timestamp())
    return {"iat": at, "exp": at + ASSERTION_SECONDS}


def _key_header(credentials: Credentials) -> dict[str, str]:
    key_id = credentials.get("key_id")
    return {"kid": key_id} if key_id else {}


def _key_file(text: str) -> dict[str, str]:
    """A key file's texts. The error repeats nothing of it."""
    try:
        read: Any = json.loads(text)
    except (ValueError, RecursionError):
        read = None
    found = cast(dict[str, Any], read) if isinstance(read, dict) else {}
    texts = {name: value for name, value in found.items() if isinstance(value, str)}
    if not texts.get("client_email") or not texts.get("private_key"):
        raise AuthFailed("The key file is not one of a service account: paste the whole JSON file as it was downloaded")
    return texts
