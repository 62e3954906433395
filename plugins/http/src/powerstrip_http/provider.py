"""The Custom HTTP adapter's object: its settings, the ways to sign in that they choose, and its one declared action."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field

from powerstrip.adapter import (
    Account,
    Adapter,
    ApiKey,
    Auth,
    Basic,
    Bearer,
    ClientCredentials,
    Content,
    Dynamic,
    HmacSigned,
    Http,
    Model,
    Mtls,
    NoAuth,
    Rejected,
    Request,
)
from powerstrip.adapter.auth import Credentials, Settings, form_of, secret_field
from powerstrip_http.importing import read
from powerstrip_http.making import make
from powerstrip_http.wire import form_pairs

REFUSED = ("authorization", "cookie", "host", "content-length", "transfer-encoding", "connection", "content-type")
NAMES = ("name", "display_name", "login", "username", "email", "title", "id")
"""Fields by which an answer about oneself may be called."""


class HttpSettings(Model):
    """Where the API is, how requests sign in, and how its webhooks prove themselves."""

    base_url: str = Field(
        title="Base URL",
        description="The address that every path is below, such as https://api.acme.example/v1.",
        min_length=8,
        max_length=2000,
    )
    auth_header: str = Field("", description="The header of an API key or a signature. X-API-Key unless told otherwise.")
    auth_query_param: str = Field("", description="The query parameter of an API key, where it does not go into a header.")
    auth_prefix: str = Field("", description="What stands before the key or signature, such as `Token ` or `sha256=`.")
    check_path: str = Field(
        "",
        description="What is asked with GET to test the connection, such as /me. Where it is empty, a test asks nothing.",
        max_length=2000,
    )
    token_url: str = Field("", description="Where access tokens are asked for, with client id and secret.")
    signed_message: str = Field("{body}", description="What a signature covers: {timestamp}, {method}, {path} and {body}.")
    signed_timestamp_header: str = Field("", description="The header that carries the signed time.")
    webhook_scheme: Literal["standard_webhooks", "hmac", "basic", "token", "none"] = Field(
        "standard_webhooks", description="How deliveries to the hub prove themselves."
    )
    webhook_header: str = Field("", description="The header of the webhook's signature or token.")
    webhook_prefix: str = Field("", description="What stands before the signature in it, such as `sha256=`.")
    webhook_message: str = Field("{body}", description="What the signature covers: {body}, {timestamp} and others.")
    webhook_timestamp_header: str = Field("", description="The header of the signed time.")
    webhook_encoding: Literal["hex", "base64"] = "hex"
    webhook_digest: Literal["sha1", "sha256", "sha512"] = "sha256"
    webhook_reason: str = Field("", description="With the scheme `none`: why deliveries prove nothing. It is shown in red.")


@dataclass(frozen=True, kw_only=True)
class ChosenKey(Auth):
    """An API key whose header or query parameter the settings name."""

    kind: str = "api_key"

    def form(self) -> type[Model]:
        return form_of("ApiKeyCredentials", api_key=secret_field("API key", self.help))

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        header, query = str(settings.get("auth_header") or ""), str(settings.get("auth_query_param") or "")
        place = ApiKey(query=query) if query and not header else ApiKey(header=header or "X-API-Key")
        return replace(place, prefix=str(settings.get("auth_prefix") or "")).sign(request, credentials, settings, now)


@dataclass(frozen=True, kw_only=True)
class ChosenSignature(HmacSigned):
    """An HMAC-SHA256 whose header and message the settings name."""

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        return self._of(settings).sign(request, credentials, settings, now)

    def show(self, request: Request, fields: Any, settings: Settings, now: datetime) -> Request:
        return self._of(settings).show(request, fields, settings, now)

    def _of(self, settings: Settings) -> HmacSigned:
        return HmacSigned(
            header=str(settings.get("auth_header") or "X-Signature"),
            prefix=str(settings.get("auth_prefix") or ""),
            message=str(settings.get("signed_message") or "{body}"),
            timestamp_header=str(settings.get("signed_timestamp_header") or ""),
        )


http = Adapter(
    id="http",
    title="Custom HTTP",
    description="Call any REST API: by hand, or with actions imported from its OpenAPI description.",
    category="Web and Data",
    base_url="",
    base_url_field="base_url",
    config=HttpSettings,
    auth=(
        NoAuth(),
        ChosenKey(help="The API's own key. Its header or query parameter is a setting."),
        Basic(help="A user of the API who may do what the automations need."),
        Bearer(help="A token that does not expire soon: the hub cannot renew it."),
        ClientCredentials(
            token_url="{token_url}",  # noqa: S106 - the name of a setting
            help="A client of the API's own sign-in server, registered for machines. The setting token_url says where that is.",
        ),
        ChosenSignature(help="The key with which each request is signed."),
        Mtls(help="A certificate that the API's operator signed, with its private key, both in PEM."),
    ),
    aka=("custom api", "rest api", "any api", "openapi", "swagger", "http request", "custom http"),
    docs_url="https://spec.openapis.org/oas/latest.html",
    icon="http",
    dynamic=Dynamic(read, make),
)


class Send(Model):
    """One request below the base URL."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"method": "GET", "path": "/users/42", "query": {"fields": "name"}}]}
    )

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = Field("GET", description="What is done at the path.")
    path: str = Field(description="Below the base URL, such as /users/42.", min_length=1, max_length=4000, examples=["/users/42"])
    query: dict[str, Any] = Field(default_factory=dict, description="Parameters of the query; a list is written several times.")
    headers: dict[str, str] = Field(default_factory=dict, description="Further headers. Those of the connection are the hub's.")
    json_body: Any | None = Field(None, description="A JSON body.", alias="json")
    form: dict[str, Any] | None = Field(None, description="A url-encoded form.")
    body: str | None = Field(None, description="A text body.")
    file: Content | None = Field(None, description="A body of bytes.")
    content_type: str = Field("", description="The media type of a text or of bytes.", max_length=200)


class Answered(Model):
    """What came back: `json` where it is JSON, else `text`, else `file`."""

    status: int
    headers: dict[str, str] = Field(default_factory=dict)
    json_body: Any | None = Field(None, alias="json")
    text: str | None = None
    file: Content | None = None


@http.action("request.send", aliases=("request", "send-request"))
async def send(http: Http, request: Send) -> Answered:
    """Send one request below the integration's base URL, and give what came back."""
    path = request.path if request.path.startswith("/") else f"/{request.path}"
    headers = dict(request.headers)
    if refused := sorted(name for name in headers if name.lower() in REFUSED or name.lower().startswith("proxy-")):
        raise Rejected(f"The header {refused[0]} is the hub's to set: name the media type in content_type")
    if (kind := request.content_type) and request.json_body is None and request.form is None:
        headers["Content-Type"] = kind
    parts = _bodies(request)
    if len(parts) > 1:
        raise Rejected("Give one body: json_body, form, body or file")
    reply = await http.send(request.method, path, pages=True, params=form_pairs(request.query, {}), headers=headers, **parts)
    shown = {name: value for name, value in reply.headers.items() if name not in ("set-cookie", "www-authenticate")}
    return Answered(status=reply.status, headers=shown, **_read(reply.headers.get("content-type", ""), reply.body))


@http.account
async def account(http: Http) -> Account:
    """Ask the path that the settings name, which tries the credential. An API has no account that all of them tell alike."""
    base, path = str(http.config.get("base_url") or ""), str(http.config.get("check_path") or "")
    place = urlsplit(base).netloc or base
    if not path:
        return Account(id=base, name=f"{place} (nothing was asked: the setting check_path is empty)")
    reply = await http.send("GET", path if path.startswith("/") else f"/{path}", pages=True)
    return Account(id=base, name=_called(_read(reply.headers.get("content-type", ""), reply.body)) or place)


def _called(answer: dict[str, Any]) -> str:
    """What an answer about oneself calls one, by the usual fields."""
    about = answer.get("json_body")
    names = (cast("dict[str, Any]", about).get(each) for each in NAMES) if isinstance(about, dict) else ()
    return next((each for each in names if isinstance(each, str) and each), "")


def _bodies(request: Send) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if request.json_body is not None:
        given["json"] = request.json_body
    if request.form is not None:
        given["form"] = form_pairs(request.form, {})
    if request.body is not None:
        given["content"] = request.body.encode()
    if request.file is not None:
        given["file" if given else "content"] = request.file
    return given


def _read(kind: str, body: bytes) -> dict[str, Any]:
    """A body by its media type; bytes where it is no text."""
    if not body:
        return {}
    if "json" in kind:
        try:
            return {"json_body": json.loads(body)}
        except (ValueError, RecursionError):
            return {"text": body.decode("utf-8", "replace")}
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"file": Content(body, media_type=kind or None)}
