"""The request builder: what an adapter says becomes one request below the base URL, and answers are read or refused."""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from powerstrip.adapter import Content, Http, Model, Rejected, Request, Response, Unavailable, segment
from powerstrip.adapter.http import build, read


class Item(Model):
    model_config = ConfigDict(alias_generator=to_camel)

    item_id: int
    note_text: str | None = None


class Sent:
    """A sender that keeps what it is given."""

    def __init__(self, body: bytes = b"{}") -> None:
        self.requests: list[Request] = []
        self.response = Response(200, {}, body)

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response


CLIMBING = [
    "/..",
    "/../admin",
    "/a/../../admin",
    "/a/..",
    "/./a",
    "/%2e%2e/admin",
    "/%2E%2e",
    "/a/%2e%2e%2fadmin",
    "/..%2fadmin",
    "/a%2f..%2f..",
    "//evil.example/x",
    "https://evil.example/x",
    "evil.example",
    "",
    "a",
    "/a\\..\\b",
    "/a?x=1",
    "/a#x",
    "/a b",
    "/a\r\nHost: evil.example",
    "/a\tb",
    "/a\0b",
]


@pytest.mark.parametrize("path", CLIMBING)
async def test_a_path_that_could_leave_the_base_is_refused(path: str) -> None:
    sent = Sent()
    http = Http(sent)
    for call in (http.get(path), http.post(path, json={}), http.delete(path), http.send("PUT", path), http.download(path)):
        with pytest.raises(Rejected):
            await call
    with pytest.raises(Rejected):
        Http(sent, presigner=lambda request, seconds: "made").presign("GET", path, seconds=60)
    assert sent.requests == []


@pytest.mark.parametrize("path", ["/", "/a", "/a/b.json", "/a..b", "/...", "/a%20b", "/a%2Fb", "/a;b", "/@me", "/a:b", "/ä"])
def test_an_ordinary_path_is_taken(path: str) -> None:
    assert build("GET", path).target == path


@given(st.text(max_size=50))
def test_a_segment_stays_one_segment(text: str) -> None:
    try:
        part = segment(text)
    except (Rejected, UnicodeEncodeError):
        return
    target = build("GET", f"/users/{part}/notes").target
    assert target.count("/") == 3
    assert unquote(part) == text


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_a_segment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        segment(text)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_two_values_put_together_by_segment_leave_the_base(one: str, two: str) -> None:
    try:
        target = build("GET", f"/a/{segment(one)}/{segment(two)}").target
    except (Rejected, UnicodeEncodeError):
        return
    assert target.startswith("/a/")
    assert ".." not in target.split("/")


def test_json_goes_out_in_the_providers_spelling() -> None:
    request = build("POST", "/items", json=Item(item_id=1))
    assert request.body == b'{"itemId":1}'
    assert request.header("content-TYPE") == "application/json"


def test_models_within_plain_data_too() -> None:
    assert build("POST", "/items", json={"items": [Item(item_id=1, note_text="ü")]}).body == (
        '{"items":[{"itemId":1,"noteText":"ü"}]}'.encode()
    )


def test_what_is_no_json_is_not_sent() -> None:
    with pytest.raises(TypeError):
        build("POST", "/items", json={"when": object()})


@pytest.mark.parametrize("pairs", [{"a": "x y&=", "b": True, "c": None, "d": 7}, [("a", "x y&="), ("b", True), ("d", 7)]])
def test_a_form_is_url_encoded(pairs: Any) -> None:
    request = build("POST", "/items", form=pairs)
    assert isinstance(request.body, bytes)
    assert parse_qsl(request.body.decode()) == [("a", "x y&="), ("b", "true"), ("d", "7")]
    assert request.header("content-type") == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("content", [b"bytes", Content(b"bytes")])
def test_content_goes_as_it_is(content: bytes | Content) -> None:
    request = build("PUT", "/file", content=content, headers={"Content-Type": "image/png"})
    assert request.body is content
    assert request.header("content-type") == "image/png"


def test_only_one_body_goes() -> None:
    with pytest.raises(TypeError):
        build("POST", "/x", json={}, form={})


def test_parameters_keep_their_order_and_leave_out_none() -> None:
    assert build("GET", "/x", params={"b": 1, "a": None, "c": False}).params == (("b", "1"), ("c", "false"))
    assert build("GET", "/x", params=[("a", 1), ("a", 2)]).params == (("a", "1"), ("a", "2"))


def test_a_header_is_replaced_whatever_its_case() -> None:
    request = build("GET", "/x", headers={"X-One": "1"}).with_header_pairs(("x-one", "2")).with_headers(X_Two="3")
    assert request.headers == (("x-one", "2"), ("X-Two", "3"))


async def test_an_answer_is_read_into_the_model() -> None:
    http = Http(Sent(b'{"itemId": 1, "unknown": 2}'))
    assert await http.get("/items/1", returns=Item) == Item(item_id=1)
    assert await http.patch("/items/1", json={}, returns=Item) == Item(item_id=1)
    assert await http.put("/items/1", json={}) == {"itemId": 1, "unknown": 2}


async def test_an_answer_without_a_body_is_none() -> None:
    assert await Http(Sent(b"")).delete("/items/1") is None


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'"x"', b'{"itemId": "many"}', b"\xff", b"[" * 100_000, b"null", b'{"itemId": 1e999}']
)
def test_an_answer_of_another_form_is_the_providers_fault(body: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        read(Response(200, {}, body), Item)
    assert "many" not in caught.value.message


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff", b"[" * 100_000])
def test_json_that_is_none_is_the_providers_fault(body: bytes) -> None:
    with pytest.raises(Unavailable):
        Response(200, {"content-type": "text/html"}, body).json()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x.example", "//x.example", "/x", "javascript:1", ""])
async def test_an_address_that_is_not_http_is_refused(url: str) -> None:
    sent = Sent()
    with pytest.raises(Rejected):
        await Http(sent).send_to("PUT", url, content=b"x")
    assert sent.requests == []


async def test_an_address_handed_out_gets_no_credential() -> None:
    sent = Sent()
    await Http(sent).send_to("PUT", "https://up.acme.example/1?sig=x", content=b"x")
    assert not sent.requests[0].signed


async def test_a_download_asks_for_a_stream() -> None:
    sent = Sent()
    await Http(sent).download("/file", params={"v": 1})
    assert (sent.requests[0].stream, sent.requests[0].method, sent.requests[0].params) == (True, "GET", (("v", "1"),))


def test_links_need_a_way_of_signing_in_that_makes_them() -> None:
    with pytest.raises(Rejected, match="cannot make links"):
        Http(Sent()).presign("GET", "/x", seconds=60)


def test_text_is_read_whatever_its_bytes() -> None:
    assert Response(200, {}, b"caf\xc3\xa9 \xff").text() == "café \ufffd"


def test_json_bodies_are_what_a_reader_reads() -> None:
    body = build("POST", "/x", json={"a": [1, None, "ü"]}).body
    assert isinstance(body, bytes)
    assert json.loads(body) == {"a": [1, None, "ü"]}


@pytest.mark.parametrize("kind", ["text/html", "Text/HTML; charset=utf-8"])
async def test_a_page_in_place_of_an_answer_is_a_provider_out_of_order(kind: str) -> None:
    """Somebody's maintenance page, with status 200: the action must not say that it was done."""
    sender = Sent(b"<html>Be right back</html>")
    sender.response = Response(200, {"content-type": kind}, b"<html>Be right back</html>")
    with pytest.raises(Unavailable, match="page of HTML"):
        await Http(sender).send("POST", "/mail", json={})
    assert (await Http(sender).send("GET", "/page", pages=True)).text() == "<html>Be right back</html>"
    sender.response = Response(200, {"content-type": kind}, b"")
    assert (await Http(sender).send("HEAD", "/page.html")).status == 200
