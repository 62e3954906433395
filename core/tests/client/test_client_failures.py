"""Repeats, refusals and silence."""

import subprocess
import sys

import httpx2
import pytest

from powerstrip.client import Client, HubError, HubUnreachable

KEY = "mbx_invented-client-key"


def busy(status: int = 429, **headers: str) -> httpx2.Response:
    error = {"error": {"code": "rate_limited", "message": "Wait"}}
    return httpx2.Response(status, json=error, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("status", [429, 503])
async def test_a_read_waits_as_long_as_the_hub_asks(client, canned, status: int) -> None:
    canned.answers = [busy(status, retry_after="2"), busy(status, retry_after="0.5"), httpx2.Response(200, json={"id": "int_1"})]
    assert await client.integrations.get("int_1") == {"id": "int_1"}
    assert canned.slept == [2.0, 0.5]


async def test_a_call_with_a_key_is_repeated_with_the_same_key_and_body(client, canned) -> None:
    canned.answers = [busy(retry_after="1"), httpx2.Response(200, json={"status": "completed"})]
    await client.call("slack.message.post", {"text": "hi"}, idempotency_key="k-1")
    first, second = canned.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "k-1"
    assert first.content == second.content


async def test_a_call_without_a_key_is_never_repeated(client, canned) -> None:
    canned.answers = [busy(503, retry_after="1")]
    with pytest.raises(HubError) as caught:
        await client.call("slack.message.post", {"text": "hi"})
    assert len(canned.requests) == 1
    assert canned.slept == []
    assert caught.value.retry_after == 1.0


@pytest.mark.parametrize("headers", [{}, {"retry_after": "3600"}, {"retry_after": "soon"}, {"retry_after": "-1"}])
async def test_without_a_short_retry_after_the_answer_stands(client, canned, headers: dict[str, str]) -> None:
    canned.answers = [busy(**headers)]
    with pytest.raises(HubError):
        await client.integrations.get("int_1")
    assert len(canned.requests) == 1


async def test_repeats_end(client, canned) -> None:
    canned.answers = [busy(retry_after="1")]
    with pytest.raises(HubError):
        await client.integrations.get("int_1")
    assert len(canned.requests) == 4


async def test_a_refusal_keeps_the_hubs_words(client, refuse) -> None:
    refuse(422, "unprocessable", "Not so", field="name")
    with pytest.raises(HubError) as caught:
        await client.integrations.get("int_1")
    error = caught.value
    assert (error.status, error.code, error.message, error.details) == (422, "unprocessable", "Not so", {"field": "name"})


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(502, text="<html>bad gateway</html>"),
        httpx2.Response(500, json=["odd"]),
        httpx2.Response(404, json={"error": "flat"}),
        httpx2.Response(302, headers={"location": "http://elsewhere.test/"}),
        httpx2.Response(200, text="hello"),
    ],
)
async def test_an_answer_that_is_not_a_hubs_is_an_error_of_its_own(client, canned, answer: httpx2.Response) -> None:
    canned.answers = [answer]
    with pytest.raises(HubError, match="hub") as caught:
        await client.integrations.get("int_1")
    assert caught.value.status == answer.status_code
    assert len(canned.requests) == 1


async def test_silence_is_its_own_error_and_names_no_key() -> None:
    async with Client("http://127.0.0.1:9", KEY, "shop") as client:
        with pytest.raises(HubUnreachable, match=r"http://127\.0\.0\.1:9") as caught:
            await client.integrations.get("int_1")
    assert KEY not in str(caught.value)
    assert KEY not in repr(caught.value.__dict__)


@pytest.mark.parametrize(
    "url", ["", "hub.test", "ftp://hub.test", "http://", "http://[::1", "http://u:p@hub.test", "http://hub.test?x=1"]
)
def test_a_base_url_must_be_one(url: str) -> None:
    with pytest.raises(ValueError, match="A hub's address"):
        Client(url, KEY)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"])
async def test_a_hub_on_this_machine_is_not_asked_through_a_proxy(url: str, monkeypatch: pytest.MonkeyPatch, httpserver) -> None:
    httpserver.expect_request("/").respond_with_data("proxied")
    monkeypatch.setenv("HTTP_PROXY", httpserver.url_for("/"))
    async with Client(url, KEY, "shop") as client:
        with pytest.raises(HubUnreachable):
            await client.health()
    assert httpserver.log == []


def test_importing_the_client_loads_no_http_library_and_nothing_of_the_server() -> None:
    code = "import sys, powerstrip.client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"httpx2", "pydantic", "litestar", "sqlalchemy", "sqlmodel", "aiohttp", "anyio", "textual"} & set(loaded)
