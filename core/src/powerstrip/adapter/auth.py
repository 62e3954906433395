"""Ways to sign in, as values.

An auth value says which form an admin fills and how a request is signed with it. It does no I/O and keeps nothing: the edge
hands it the credentials for one request. Adapters declare one (or several to choose from) and never see what is filled in.
"""

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import Field, create_model

from powerstrip.adapter.content import Content
from powerstrip.adapter.http import Request
from powerstrip.adapter.model import Model
from powerstrip.adapter.secret import Secret

ConnectMode: TypeAlias = Literal["redirect", "inline", "webhook", "service", "built_in"]
"""How a credential comes to be: a browser redirect, a form, a webhook set-up, a service credential, or none is needed."""

Credentials: TypeAlias = Mapping[str, str]
"""Filled-in fields of an auth value's form, revealed, for the length of one signature."""

Settings: TypeAlias = Mapping[str, Any]


def placeholder(field: str) -> str:
    """What stands for a secret wherever a request is shown."""
    return f"<{field}>"


def _form(title: str, **fields: Any) -> type[Model]:
    return create_model(title, __base__=Model, **fields)


def _secret(title: str, help: str) -> Any:
    return (Secret, Field(title=title, description=help or None))


@dataclass(frozen=True, kw_only=True)
class Auth:
    """The base: `kind` is the auth kind in the catalog, `connect` the connect mode, `help` says where the secret is found."""

    kind: str
    connect: ConnectMode = "inline"
    help: str = ""
    needs_token: ClassVar[bool] = False
    """True where the hub must fetch an access token before it can sign."""

    def form(self) -> type[Model]:
        """The fields an admin fills in. Those of type `Secret` are masked and sealed."""
        raise NotImplementedError

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        """The same request with its proof of identity. `settings` is the integration's config, `now` is in UTC."""
        raise NotImplementedError

    def show(self, request: Request, fields: Collection[str], settings: Settings, now: datetime) -> Request:
        """The request as it may be shown: signed with placeholders in place of the credentials named in `fields`."""
        return self.sign(request, {name: placeholder(name) for name in fields}, settings, now)


@dataclass(frozen=True, kw_only=True)
class NoAuth(Auth):
    """Nothing to fill in, nothing to sign."""

    kind: str = "none"

    def form(self) -> type[Model]:
        return _form("NoCredentials")

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        return request


@dataclass(frozen=True, kw_only=True)
class ApiKey(Auth):
    """One key in a header (`header=`) or in the query (`query=`); `prefix` goes before it."""

    kind: str = "api_key"
    header: str = ""
    query: str = ""
    prefix: str = ""
    field: str = "api_key"
    title: str = "API key"

    def __post_init__(self) -> None:
        if bool(self.header) == bool(self.query):
            raise ValueError("an ApiKey goes into a header or into the query: name one")

    def form(self) -> type[Model]:
        return _form("ApiKeyCredentials", **{self.field: _secret(self.title, self.help)})

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        value = self.prefix + credentials[self.field]
        if self.header:
            return request.with_header_pairs((self.header, value))
        return replace(request, params=(*request.params, (self.query, value)))


@dataclass(frozen=True, kw_only=True)
class Bearer(Auth):
    """`Authorization: Bearer …` with a token that a person pastes (RFC 6750, section 2.1)."""

    kind: str = "bearer"
    field: str = "token"
    title: str = "Token"

    def form(self) -> type[Model]:
        return _form("BearerCredentials", **{self.field: _secret(self.title, self.help)})

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        return request.with_headers(Authorization=f"Bearer {credentials[self.field]}")


@dataclass(frozen=True, kw_only=True)
class Basic(Auth):
    """User name and password (RFC 7617). The field names may be the provider's own words (`account_sid`, `auth_token`)."""

    kind: str = "basic"
    user_field: str = "username"
    password_field: str = "password"  # noqa: S105 - a name
    user_title: str = "User name"
    password_title: str = "Password"  # noqa: S105 - a label

    def form(self) -> type[Model]:
        user = (str, Field(title=self.user_title, min_length=1, max_length=512))
        return _form("BasicCredentials", **{self.user_field: user, self.password_field: _secret(self.password_title, self.help)})

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        pair = f"{credentials[self.user_field]}:{credentials[self.password_field]}".encode()
        return request.with_headers(Authorization="Basic " + base64.b64encode(pair).decode())

    def show(self, request: Request, fields: Collection[str], settings: Settings, now: datetime) -> Request:
        return request.with_headers(Authorization=f"Basic {placeholder(self.user_field)}:{placeholder(self.password_field)}")


@dataclass(frozen=True, kw_only=True)
class SigV4(Auth):
    """AWS Signature Version 4, in headers or in a link. The region is the `region` setting.

    Source: AWS General Reference, "Create a signed AWS API request", and the S3 API's "Authenticating Requests".
    Streamed bodies are hashed before they are sent, so that the signature covers them.
    """

    kind: str = "aws_access_key"
    service: str
    default_region: str = "us-east-1"

    def form(self) -> type[Model]:
        return _form(
            "AwsKeys",
            access_key_id=(str, Field(title="Access key id", min_length=1, max_length=128)),
            secret_access_key=_secret("Secret access key", self.help),
            session_token=(Secret | None, Field(None, title="Session token", description="Only for temporary keys.")),
        )

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        body = request.body
        digest = body.sha256() if isinstance(body, Content) else hashlib.sha256(body).hexdigest()
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        request = request.with_header_pairs(("x-amz-content-sha256", digest), ("x-amz-date", stamp))
        if token := credentials.get("session_token"):
            request = request.with_header_pairs(("x-amz-security-token", token))
        signed = {"host": _host(request.target)} | {
            name.lower(): " ".join(value.split())
            for name, value in request.headers
            if name.lower().startswith("x-amz-") or name.lower() == "content-type"
        }
        signature = self._signature(request, signed, digest, credentials, settings, stamp)
        scope = self._scope(settings, stamp)
        return request.with_headers(
            Authorization=f"AWS4-HMAC-SHA256 Credential={credentials['access_key_id']}/{scope}, "
            f"SignedHeaders={';'.join(sorted(signed))}, Signature={signature}"
        )

    def show(self, request: Request, fields: Collection[str], settings: Settings, now: datetime) -> Request:
        shown = super().show(request, fields, settings, now)
        proof = (shown.header("Authorization") or "").rpartition("Signature=")[0]
        return shown.with_headers(Authorization=proof + "Signature=" + placeholder("signature"))

    def presign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime, seconds: int) -> str:
        """A link that carries the signature in its query; valid for `seconds` (at most 604,800, as AWS has it)."""
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        params = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", f"{credentials['access_key_id']}/{self._scope(settings, stamp)}"),
            ("X-Amz-Date", stamp),
            ("X-Amz-Expires", str(seconds)),
            ("X-Amz-SignedHeaders", "host"),
        ]
        if token := credentials.get("session_token"):
            params.append(("X-Amz-Security-Token", token))
        request = replace(request, params=(*request.params, *params))
        host = {"host": _host(request.target)}
        signature = self._signature(request, host, "UNSIGNED-PAYLOAD", credentials, settings, stamp)
        parts = urlsplit(request.target)
        return f"{parts.scheme}://{parts.netloc}{parts.path}?{_query(request)}&X-Amz-Signature={signature}"

    def _region(self, settings: Settings) -> str:
        return settings.get("region") or self.default_region

    def _scope(self, settings: Settings, stamp: str) -> str:
        return f"{stamp[:8]}/{self._region(settings)}/{self.service}/aws4_request"

    def _path(self, request: Request) -> str:
        """The path as it is sent for S3; every other service encodes it once more."""
        path = urlsplit(request.target).path or "/"
        return path if self.service == "s3" else quote(path, safe="/-_.~")

    def _signature(
        self,
        request: Request,
        signed: Mapping[str, str],
        digest: str,
        credentials: Credentials,
        settings: Settings,
        stamp: str,
    ) -> str:
        names = sorted(signed)
        canonical = "\n".join(
            [
                request.method,
                self._path(request),
                _query(request),
                *(f"{name}:{signed[name]}" for name in names),
                "",
                ";".join(names),
                digest,
            ]
        )
        scope = self._scope(settings, stamp)
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = ("AWS4" + credentials["secret_access_key"]).encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def _host(url: str) -> str:
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.hostname or "" if parts.port in (None, usual) else parts.netloc


def _query(request: Request) -> str:
    """The query as AWS canonicalises it: sorted, and everything but unreserved characters encoded."""
    pairs = [*parse_qsl(urlsplit(request.target).query, keep_blank_values=True), *request.params]
    return "&".join(f"{name}={value}" for name, value in sorted((_encoded(name), _encoded(value)) for name, value in pairs))


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


@dataclass(frozen=True, kw_only=True)
class HmacSigned(Auth):
    """An HMAC over the body, or over `message` with `{timestamp}`, `{method}`, `{path}` and `{body}` filled in, in a header."""

    kind: str = "hmac"
    header: str = "X-Signature"
    timestamp_header: str = ""
    message: str = "{body}"
    digest: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""

    def form(self) -> type[Model]:
        return _form("HmacCredentials", signing_key=_secret("Signing key", self.help))

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        stamp = str(int(now.timestamp()))
        body = request.body.read() if isinstance(request.body, Content) else request.body
        fields = {"{timestamp}": stamp, "{method}": request.method, "{path}": urlsplit(request.target).path}
        text = self.message
        for mark, value in fields.items():
            text = text.replace(mark, value)
        before, found, after = text.partition("{body}")
        data = before.encode() + (body if found else b"") + after.encode()
        raw = hmac.digest(credentials["signing_key"].encode(), data, self.digest)
        proof = raw.hex() if self.encoding == "hex" else base64.b64encode(raw).decode()
        request = request.with_header_pairs((self.header, self.prefix + proof))
        return request.with_header_pairs((self.timestamp_header, stamp)) if self.timestamp_header else request

    def show(self, request: Request, fields: Collection[str], settings: Settings, now: datetime) -> Request:
        request = request.with_header_pairs((self.header, self.prefix + placeholder("signature")))
        stamp = str(int(now.timestamp()))
        return request.with_header_pairs((self.timestamp_header, stamp)) if self.timestamp_header else request


@dataclass(frozen=True, kw_only=True)
class Mtls(Auth):
    """A client certificate, both as PEM text. The edge puts them into the TLS handshake; the request itself stays as it is."""

    kind: str = "mtls"

    def form(self) -> type[Model]:
        certificate = (str, Field(title="Certificate (PEM)", min_length=64, max_length=65_536))
        return _form("MtlsCredentials", certificate=certificate, private_key=_secret("Private key (PEM)", self.help))

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        return request


@dataclass(frozen=True, kw_only=True)
class TokenAuth(Auth):
    """The base of every kind whose access token the hub fetches and renews. It signs as RFC 6750 bearer."""

    needs_token: ClassVar[bool] = True
    token_url: str

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        return request.with_headers(Authorization=f"Bearer {credentials['access_token']}")


@dataclass(frozen=True, kw_only=True)
class OAuth2(TokenAuth):
    """The authorization-code grant (RFC 6749, 4.1) with PKCE S256 (RFC 7636): a person consents in a browser."""

    kind: str = "oauth2"
    connect: ConnectMode = "redirect"
    authorize_url: str
    scopes: tuple[str, ...] = ()
    scope_separator: str = " "

    def form(self) -> type[Model]:
        return _form("OAuth2Grant")


@dataclass(frozen=True, kw_only=True)
class ClientCredentials(TokenAuth):
    """The client-credentials grant (RFC 6749, 4.4): the hub signs in as itself."""

    kind: str = "oauth2_client_credentials"
    scopes: tuple[str, ...] = ()

    def form(self) -> type[Model]:
        client = (str, Field(title="Client id", min_length=1, max_length=512))
        return _form("ClientCredentialsForm", client_id=client, client_secret=_secret("Client secret", self.help))


@dataclass(frozen=True, kw_only=True)
class JwtBearer(TokenAuth):
    """The JWT bearer grant (RFC 7523): the hub signs an assertion with a private key. `algorithm` is a JWS name."""

    kind: str = "jwt_bearer"
    connect: ConnectMode = "service"
    algorithm: Literal["RS256", "RS384", "ES256", "ES384"] = "RS256"
    scopes: tuple[str, ...] = ()

    def form(self) -> type[Model]:
        return _form(
            "JwtBearerForm",
            issuer=(str, Field(title="Issuer", min_length=1, max_length=512)),
            subject=(str, Field("", title="Subject", max_length=512)),
            private_key=_secret("Private key (PEM)", self.help),
        )


@dataclass(frozen=True, kw_only=True)
class ServiceAccount(TokenAuth):
    """A Google service account: its whole JSON key file is the secret.

    Source: Google Identity, "Using OAuth 2.0 for server to server applications".
    """

    kind: str = "service_account"
    connect: ConnectMode = "service"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    scopes: tuple[str, ...] = ()

    def form(self) -> type[Model]:
        subject = (
            str,
            Field("", title="Act as", description="A user of the domain to act for, if any.", max_length=512),
        )
        return _form("ServiceAccountKey", key=_secret("JSON key file", self.help), subject=subject)
