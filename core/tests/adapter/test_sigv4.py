"""AWS signatures, judged by botocore's own signer."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import time_machine
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from powerstrip.adapter import Content, Request, SigV4
from powerstrip.adapter.http import build

NOW = datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC)
KEYS = {"access_key_id": "AKIAINVENTED0000TEST", "secret_access_key": "invented/secret+key"}
SESSION = {**KEYS, "session_token": "invented//session+token=="}
CREDENTIALS = [KEYS, SESSION]
S3 = SigV4(service="s3")


def theirs(credentials: dict[str, str]) -> Credentials:
    return Credentials(credentials["access_key_id"], credentials["secret_access_key"], credentials.get("session_token"))


def full_url(request: Request) -> str:
    """The address as it is sent: any spelling of the query that a server decodes to the same pairs."""
    query = urlencode(request.params, quote_via=quote, safe="-_.~")
    return f"{request.target}?{query}" if query else request.target


def judged(request: Request, credentials: dict[str, str], region: str, service: str) -> str:
    """What botocore writes into Authorization for the same request."""
    body = request.body.read() if isinstance(request.body, Content) else request.body
    kept = {name: value for name, value in request.headers if name.lower() == "content-type" or name.lower().startswith("x-amz-")}
    their = AWSRequest(request.method, full_url(request), kept, body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    with time_machine.travel(NOW, tick=False):
        signer(theirs(credentials), service, region).add_auth(their)
    return str(their.headers["Authorization"])


def signed(request: Request, credentials: dict[str, str], region: str = "eu-north-1", auth: SigV4 = S3) -> str:
    done = auth.sign(request, credentials, {"region": region}, NOW)
    return done.header("Authorization") or ""


def at(path: str, method: str = "GET", host: str = "https://bucket.s3.eu-north-1.amazonaws.com", **parts: object) -> Request:
    return build(method, path, **parts).at(host + path)  # type: ignore[arg-type]


ODD_KEYS = [
    "plain.txt",
    "with space.txt",
    "plus+plus",
    "ümläut/ß",
    "emoji/🙂",
    "a/b/c/",
    "percent%41",
    "quote'\"()",
    "semi;colon=equals&amp",
    "tilde~dash-under_dot.",
    "star*",
    "comma,at@colon:",
    "double//slash",
    "new\nline",
    "[brackets]{braces}|pipe^caret`tick<>",
    "back\\slash",
]


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("key", ODD_KEYS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_header_signature_is_botocores(key: str, method: str, credentials: dict[str, str]) -> None:
    request = at("/" + quote(key, safe="/-_.~"), method, content=b"body" if method == "PUT" else None)
    assert signed(request, credentials) == judged(request, credentials, "eu-north-1", "s3")


@pytest.mark.parametrize(
    "params",
    [
        {"list-type": 2, "prefix": "a b/ü+c", "continuation-token": "1/+=="},
        [("tagging", "")],
        [("b", "2"), ("a", "1"), ("a", "0")],
        [("é", "1"), ("~", "2"), ("A", "3"), ("a", "4"), ("-", "5"), ("_", "6")],
        {"max-keys": 1000, "delimiter": "/", "encoding-type": "url"},
    ],
)
def test_queries_are_canonical(params: object) -> None:
    request = at("/bucket", params=params)
    assert signed(request, KEYS) == judged(request, KEYS, "eu-north-1", "s3")


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(NAMES, NAMES), max_size=5), NAMES)
def test_any_query_and_key(params: list[tuple[str, str]], key: str) -> None:
    request = at("/" + quote(key, safe="-_.~"), params=params) if key not in (".", "..") else at("/x", params=params)
    assert signed(request, SESSION) == judged(request, SESSION, "eu-north-1", "s3")


@pytest.mark.parametrize(
    "host", ["https://s3.example:9000", "http://127.0.0.1:4502", "https://s3.example:443", "http://s3.example:80"]
)
def test_ports_are_part_of_the_host_unless_usual(host: str) -> None:
    request = at("/bucket/key", host=host)
    assert signed(request, KEYS) == judged(request, KEYS, "eu-north-1", "s3")


def test_headers_of_the_request_are_covered() -> None:
    headers = {"x-amz-acl": "private", "X-Amz-Meta-Note": "  two   words ", "Content-Type": "text/plain", "Accept": "*/*"}
    request = at("/k", "PUT", content=b"x", headers=headers)
    assert signed(request, KEYS) == judged(request, KEYS, "eu-north-1", "s3")


def test_a_streamed_body_is_covered(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"streamed" * 100_000)
    request = at("/k", "PUT", content=Content(path=path))
    assert signed(request, KEYS) == judged(request, KEYS, "eu-north-1", "s3")


@pytest.mark.parametrize("path", ["/", "/v1/things", "/a%20b/c%2Fd", "/ünï"])
@pytest.mark.parametrize("service", ["sns", "execute-api"])
def test_other_services_sign_too(service: str, path: str) -> None:
    path = quote(path, safe="/%")
    request = at(path, "POST", host="https://api.eu-north-1.amazonaws.com", json={"a": 1})
    auth = SigV4(service=service)
    done = auth.sign(request, KEYS, {"region": "eu-north-1"}, NOW)
    assert done.header("Authorization") == judged(done, KEYS, "eu-north-1", service)


def test_the_region_is_a_setting() -> None:
    request = at("/k")
    assert "/us-east-1/s3/" in (S3.sign(request, KEYS, {}, NOW).header("Authorization") or "")
    assert "/us-west-2/s3/" in signed(request, KEYS, "us-west-2")


# --- links ------------------------------------------------------------------------------------------------------------


def judged_link(request: Request, credentials: dict[str, str], seconds: int, service: str = "s3") -> dict[str, str]:
    their = AWSRequest(request.method, full_url(request))
    signer = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
    with time_machine.travel(NOW, tick=False):
        signer(theirs(credentials), service, "eu-north-1", expires=seconds).add_auth(their)
    return dict(parse_qsl(urlsplit(their.url).query, keep_blank_values=True))


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("key", ODD_KEYS)
@pytest.mark.parametrize("seconds", [1, 604_800])
def test_a_link_is_botocores(key: str, credentials: dict[str, str], seconds: int) -> None:
    request = at("/" + quote(key, safe="/-_.~"))
    link = S3.presign(request, credentials, {"region": "eu-north-1"}, NOW, seconds)
    assert link.partition("?")[0] == request.target
    assert dict(parse_qsl(urlsplit(link).query)) == judged_link(request, credentials, seconds)


def test_a_link_keeps_its_own_parameters() -> None:
    request = at("/k", params={"response-content-type": "text/plain; charset=utf-8", "versionId": "1+/="})
    link = S3.presign(request, KEYS, {"region": "eu-north-1"}, NOW, 60)
    assert dict(parse_qsl(urlsplit(link).query)) == judged_link(request, KEYS, 60)


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_what_is_shown_proves_nothing() -> None:
    shown = S3.show(at("/k", "PUT", content=b"x"), list(SESSION), {"region": "eu-north-1"}, NOW)
    text = repr(shown.headers)
    assert "Credential=<access_key_id>/20260301/eu-north-1/s3/aws4_request" in text
    assert "Signature=<signature>" in text
    assert "<session_token>" in text
    assert not [value for value in SESSION.values() if value in text]
