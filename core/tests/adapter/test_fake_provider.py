"""The provider that answers as a test tells it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from powerstrip.adapter import (
    Adapter,
    AuthFailed,
    Content,
    Http,
    Model,
    PowerstripError,
    RateLimited,
    Rejected,
    Request,
    Response,
    Unavailable,
)
from powerstrip.adapter.testing import provider


class Note(Model):
    id: str
    text: str = ""


class Write(Model):
    text: str


notes = Adapter("acme", "Acme", "https://api.acme.example/v1")


@notes.action("note.write")
async def write(http: Http, note: Write) -> Note:
    """Write a note."""
    return await http.post("/notes", json=note, returns=Note)


@notes.errors
def told(response: Response) -> PowerstripError | None:
    return Rejected("no room") if response.body == b'{"ok": false}' else None


async def test_the_provider_answers_and_remembers() -> None:
    http = provider(notes, {"POST /notes": {"id": "1", "text": "hi"}}, {"region": "eu"})
    assert (await write(http, Write(text="hi"))).id == "1"
    [request] = http.sent
    assert (request.method, request.target, json.loads(request.body)) == ("POST", "/notes", {"text": "hi"})
    assert http.config == {"region": "eu"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((401, {"message": "bad key"}), AuthFailed),
        ((429, {}), RateLimited),
        ((503, None), Unavailable),
        ((404, []), Rejected),
        ({"ok": False}, Rejected),
        (Response(200, {}, b"<html>"), Unavailable),
        (Response(429, {"retry-after": "3"}), RateLimited),
        (lambda request: (500, {}), Unavailable),
        ({"no": "id"}, Unavailable),
    ],
)
async def test_the_provider_says_no_as_in_the_hub(answer: Any, error: type[PowerstripError]) -> None:
    with pytest.raises(error):
        await write(provider(notes, {"POST /notes": answer}), Write(text="hi"))


async def test_an_answer_may_be_a_model_or_a_function_of_the_request() -> None:
    assert await write(provider(notes, {"POST /notes": Note(id="1")}), Write(text="hi")) == Note(id="1")
    echo: Callable[[Request], Any] = lambda request: {"id": "2", **json.loads(request.body)}  # noqa: E731
    assert (await write(provider(notes, {"POST /notes": echo}), Write(text="hi"))).text == "hi"


async def test_a_request_without_an_answer_fails_the_test_and_names_it() -> None:
    with pytest.raises(AssertionError, match=r"POST /notes.*GET /elsewhere"):
        await write(provider(notes, {"GET /elsewhere": {}}), Write(text="hi"))


async def test_a_download_is_in_the_content() -> None:
    http = provider(notes, {"GET /file": Response(200, {"content-type": "image/png"}, b"bytes")})
    reply = await http.download("/file")
    assert isinstance(reply.content, Content)
    assert (reply.body, reply.content.read(), reply.content.media_type) == (b"", b"bytes", "image/png")


async def test_a_download_is_judged_by_its_status_alone() -> None:
    fine = Response(200, {}, b'{"ok": false}')
    reply = await provider(notes, {"GET /file": fine}).download("/file")
    assert reply.content is not None
    assert reply.content.read() == b'{"ok": false}'
    with pytest.raises(Rejected, match="gone"):
        await provider(notes, {"GET /file": (410, {"message": "gone"})}).download("/file")


def test_a_link_is_made_without_sending() -> None:
    http = provider(notes, {})
    assert http.presign("GET", "/file", seconds=60).startswith("https://api.acme.example/v1/file?")
    assert http.sent == []
