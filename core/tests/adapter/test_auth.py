"""Ways to sign in: what they ask for, what they add to a request, and that what is shown proves nothing."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import (
    ApiKey,
    Auth,
    Basic,
    Bearer,
    ClientCredentials,
    Content,
    GitHubApp,
    HmacSigned,
    JwtBearer,
    Mtls,
    NoAuth,
    OAuth2,
    Request,
    ServiceAccount,
    SigV4,
    SmartBackend,
)
from powerstrip.adapter.http import build
from powerstrip.adapter.schemas import compile_schema, input_schema, secrets

NOW = datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
TOKEN_URL = "https://acme.example/token"
CANARY = "invented-canary-4711"


def request(**parts: Any) -> Request:
    return build("POST", "/items", **parts).at("https://api.acme.example/v1/items")


def signed(auth: Auth, credentials: dict[str, str], given: Request | None = None) -> Request:
    return auth.sign(given or request(json={"a": 1}), credentials, {}, NOW)


EVERY: list[Auth] = [
    NoAuth(),
    ApiKey(header="X-Key"),
    ApiKey(query="key"),
    ApiKey(header="Authorization", prefix="Token ", field="token", title="Token"),
    Bearer(),
    Basic(),
    Basic(user_field="account_sid", password_field="auth_token"),
    SigV4(service="s3"),
    HmacSigned(),
    HmacSigned(timestamp_header="X-Time", message="{timestamp}.{body}", encoding="base64"),
    Mtls(),
    OAuth2(authorize_url="https://acme.example/authorize", token_url=TOKEN_URL),
    ClientCredentials(token_url=TOKEN_URL),
    JwtBearer(token_url=TOKEN_URL),
    ServiceAccount(),
    GitHubApp(),
    SmartBackend(),
]


def name_of(auth: Auth) -> str:
    return auth.kind


@pytest.mark.parametrize("auth", EVERY, ids=name_of)
def test_every_form_is_a_schema_whose_secrets_are_masked(auth: Auth) -> None:
    form = input_schema(auth.form())
    compile_schema(form)
    shown = [name for name in form.get("properties", {}) if name not in set(secrets(form))]
    public = {"username", "account_sid", "access_key_id", "certificate", "client_id", "issuer", "subject"}
    public |= {"key_id", "app_id", "installation_id"}
    assert set(shown) <= public


@pytest.mark.parametrize("auth", EVERY, ids=name_of)
def test_what_is_shown_holds_no_credential(auth: Auth) -> None:
    fields = dict.fromkeys(auth.form().model_fields, CANARY) | ({"access_token": CANARY} if auth.needs_token else {})
    shown = auth.show(request(json={"a": 1}), list(fields), {}, NOW)
    assert CANARY not in repr(shown)
    assert shown.body == request(json={"a": 1}).body
    proof = auth.sign(request(json={"a": 1}), fields, {}, NOW)
    assert [name for name, _ in shown.headers] == [name for name, _ in proof.headers]
    assert [name for name, _ in shown.params] == [name for name, _ in proof.params]


@pytest.mark.parametrize("auth", EVERY, ids=name_of)
def test_signing_changes_neither_the_request_given_nor_its_target_and_body(auth: Auth) -> None:
    given = request(json={"a": 1}, headers={"X-Own": "1"}, params={"own": "1"})
    before = repr(given)
    fields = dict.fromkeys(auth.form().model_fields, CANARY) | ({"access_token": CANARY} if auth.needs_token else {})
    done = auth.sign(given, fields, {}, NOW)
    assert repr(given) == before
    assert (done.method, done.target, done.body) == (given.method, given.target, given.body)
    assert set(given.headers) <= set(done.headers)
    assert set(given.params) <= set(done.params)


def test_nothing() -> None:
    assert signed(NoAuth(), {}) == request(json={"a": 1})


def test_api_key_in_a_header() -> None:
    assert signed(ApiKey(header="X-Key"), {"api_key": "k"}).header("x-key") == "k"
    assert signed(ApiKey(header="Authorization", prefix="Token "), {"api_key": "k"}).header("Authorization") == "Token k"


def test_api_key_in_the_query() -> None:
    done = signed(ApiKey(query="key"), {"api_key": "k"}, request(params={"a": "1"}))
    assert done.params == (("a", "1"), ("key", "k"))


def test_a_key_of_the_caller_is_replaced() -> None:
    given = request(headers={"x-key": "mine", "authorization": "Bearer mine"})
    assert signed(ApiKey(header="X-Key"), {"api_key": "k"}, given).header("X-Key") == "k"
    assert [value for name, value in signed(Bearer(), {"token": "t"}, given).headers if name.lower() == "authorization"] == [
        "Bearer t"
    ]


@pytest.mark.parametrize("places", [{}, {"header": "X", "query": "y"}])
def test_an_api_key_goes_to_one_place(places: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="name one"):
        ApiKey(**places)


def test_bearer() -> None:
    assert signed(Bearer(), {"token": "t"}).header("Authorization") == "Bearer t"


def test_basic() -> None:
    done = signed(Basic(user_field="sid", password_field="auth"), {"sid": "Ä", "auth": "p:w"})
    kind, _, pair = (done.header("Authorization") or "").partition(" ")
    assert (kind, base64.b64decode(pair).decode()) == ("Basic", "Ä:p:w")


@pytest.mark.parametrize("body", [b'{"a":1}', b"", Content(b"streamed")])
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_hmac_over_the_body(body: bytes | Content, digest: Any, encoding: Any) -> None:
    auth = HmacSigned(header="X-Sig", digest=digest, encoding=encoding, prefix="v1=")
    raw = hmac.new(b"key", body.read() if isinstance(body, Content) else body, getattr(hashlib, digest)).digest()
    proof = raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()
    assert signed(auth, {"signing_key": "key"}, request(content=body)).header("x-sig") == "v1=" + proof


def test_hmac_over_a_message() -> None:
    auth = HmacSigned(message="{method}\n{path}\n{timestamp}\n{body}\nend", timestamp_header="X-Time")
    done = signed(auth, {"signing_key": "key"}, request(content=b"raw \xff {timestamp}"))
    message = b"POST\n/v1/items\n" + STAMP.encode() + b"\nraw \xff {timestamp}\nend"
    assert done.header("X-Signature") == hmac.new(b"key", message, hashlib.sha256).hexdigest()
    assert done.header("X-Time") == STAMP


def test_mtls_leaves_the_request_as_it_is() -> None:
    assert signed(Mtls(), {"certificate": "c", "private_key": "k"}) == request(json={"a": 1})


@pytest.mark.parametrize("auth", [auth for auth in EVERY if auth.needs_token], ids=name_of)
def test_fetched_tokens_go_as_bearer(auth: Auth) -> None:
    assert signed(auth, {"access_token": "t"}).header("Authorization") == "Bearer t"


@pytest.mark.parametrize(
    ("auth", "connect"),
    [
        (ApiKey(header="X"), "inline"),
        (OAuth2(authorize_url="https://acme.example/authorize", token_url=TOKEN_URL), "redirect"),
        (ServiceAccount(), "service"),
        (ClientCredentials(token_url=TOKEN_URL), "inline"),
    ],
    ids=str,
)
def test_the_connect_mode_follows_from_the_kind(auth: Auth, connect: str) -> None:
    assert auth.connect == connect


@pytest.mark.parametrize(
    ("auth", "fields"),
    [
        (ApiKey(header="X"), {"api_key": ""}),
        (ApiKey(header="X"), {}),
        (ApiKey(header="X"), {"api_key": CANARY * 10_000}),
        (Basic(), {"username": "", "password": "p"}),
        (Mtls(), {"certificate": "short", "private_key": "k"}),
        (SigV4(service="s3"), {"access_key_id": "x" * 129, "secret_access_key": "s"}),
    ],
    ids=str,
)
def test_a_form_refuses_what_cannot_be_a_credential(auth: Auth, fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        auth.form().model_validate(fields)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("auth", "settings", "name"),
    [(Basic(user="api"), {}, "api"), (Basic(user_setting="email"), {"email": "ada@example.com"}, "ada@example.com")],
)
def test_a_user_name_that_is_no_part_of_the_credential(auth: Basic, settings: dict[str, str], name: str) -> None:
    assert set(auth.form().model_fields) == {"password"}
    signed = auth.sign(build("GET", "/x"), {"password": "invented"}, settings, NOW)
    assert signed.header("Authorization") == "Basic " + base64.b64encode(f"{name}:invented".encode()).decode()
    assert auth.show(build("GET", "/x"), {"password"}, settings, NOW).header("Authorization") == f"Basic {name}:<password>"


def test_a_user_name_comes_from_one_place() -> None:
    with pytest.raises(ValueError, match="one place"):
        Basic(user="api", user_setting="email")
