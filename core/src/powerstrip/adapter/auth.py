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


def basic_header(user: str, password: str) -> str:
    """The value of `Authorization` for a user name and a password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def form_of(title: str, **fields: Any) -> type[Model]:
    """A form's model. A field is a pair of its type and `Field(…)`."""
    return create_model(title, __base__=Model, **fields)


def secret_field(title: str, help: str) -> Any:
    """A form's field that is masked and sealed. `help` says where the secret is found."""
    return (Secret, Field(title=title, description=help or None))


@dataclass(frozen=True, kw_only=True)
class Auth:
    """The base: `kind` is the auth kind in the catalog, `connect` the connect mode, `help` says where the secret is found."""

    kind: str
    connect: ConnectMode = "inline"
    help: str = ""
    needs_token: ClassVar[bool] = False
    """True where the hub must fetch an access token before it can sign."""
    needs_consent: ClassVar[bool] = False
    """True where a person has to consent in a browser: there is no form to fill."""

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
        return form_of("NoCredentials")

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
        return form_of("ApiKeyCredentials", **{self.field: secret_field(self.title, self.help)})

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
        return form_of("BearerCredentials", **{self.field: secret_field(self.title, self.help)})

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        return request.with_headers(Authorization=f"Bearer {credentials[self.field]}")


@dataclass(frozen=True, kw_only=True)
class Basic(Auth):
    """User name and password (RFC 7617). The field names may be the provider's own words (`account_sid`, `auth_token`).

    Where the user name is no part of the credential, `user` gives it for everybody, or `user_setting` names the `config` field
    that holds it: then the form asks for the password alone.
    """

    kind: str = "basic"
    user_field: str = "username"
    password_field: str = "password"  # noqa: S105 - a name
    user_title: str = "User name"
    password_title: str = "Password"  # noqa: S105 - a label
    user: str = ""
    user_setting: str = ""

    def __post_init__(self) -> None:
        if self.user and self.user_setting:
            raise ValueError("a user name comes from one place: `user` or `user_setting`")

    def form(self) -> type[Model]:
        password = {self.password_field: secret_field(self.password_title, self.help)}
        if self.user or self.user_setting:
            return form_of("BasicCredentials", **password)
        user = (str, Field(title=self.user_title, min_length=1, max_length=512))
        return form_of("BasicCredentials", **{self.user_field: user}, **password)

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        proof = basic_header(self._name(credentials, settings), credentials[self.password_field])
        return request.with_headers(Authorization=proof)

    def show(self, request: Request, fields: Collection[str], settings: Settings, now: datetime) -> Request:
        name = self._name({self.user_field: placeholder(self.user_field)}, settings)
        return request.with_headers(Authorization=f"Basic {name}:{placeholder(self.password_field)}")

    def _name(self, credentials: Credentials, settings: Settings) -> str:
        if self.user_setting:
            return str(settings[self.user_setting])
        return self.user or credentials[self.user_field]


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
        return form_of(
            "AwsKeys",
            access_key_id=(str, Field(title="Access key id", min_length=1, max_length=128)),
            secret_access_key=secret_field("Secret access key", self.help),
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
        return form_of("HmacCredentials", signing_key=secret_field("Signing key", self.help))

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
        return form_of("MtlsCredentials", certificate=certificate, private_key=secret_field("Private key (PEM)", self.help))

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        return request
