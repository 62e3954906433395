"""`apps`, `connect`, `integrations reconnect` and the listener: what is said, asked, taken and refused."""

import asyncio
import io
import re
from argparse import Namespace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from powerstrip.cli import consenting
from powerstrip.cli.consenting import consent
from powerstrip.cli.console import Console
from powerstrip.cli.failures import Stop
from powerstrip.client.loopback import MAX_HEAD, Listener, listening

from .conftest import Cli

SECRET = "invented-client-secret-63ee"
LINK = "https://provider.example/authorize?state=s"


@pytest.fixture
def folder(cli: Cli, tmp_path: Path) -> str:
    data = str(tmp_path / "data")
    assert cli("init", "--data", data).code == 0
    return data


def test_a_client_is_set_listed_and_forgotten(cli: Cli, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_SECRET", SECRET)
    made = cli("apps", "set", "slack", "--client-id", "hub", "--client-secret", "env:APP_SECRET", "--data", folder)
    assert made.code == 0, made.err
    said = [made, cli("apps", "list", "--data", folder), cli("apps", "list", "--json", "--data", folder)]
    assert said[2].json["items"][0]["client_id"] == "hub"
    assert SECRET not in "".join(ran.out + ran.err for ran in said)
    assert cli("apps", "delete", "slack", "--yes", "--data", folder).code == 0
    assert cli("apps", "list", "--json", "--data", folder).json["items"] == []


def test_what_cannot_be_is_told(cli: Cli, folder: str) -> None:
    """Each is refused with its reason, and a secret among the words is not repeated."""
    app = ("apps", "set", "slack", "--client-id", "hub")
    cases = [
        (app, "No client secret was given"),
        ((*app, "--client-secret", "@/nowhere/at/all"), "/nowhere/at/all"),
        (("connect", "slack", "--loopback", "--paste"), "not allowed with"),
        (("connect", "slack", "more"), "What is more?"),
        (("connect", "links", "burn", "x"), "Links are listed"),
        (("connect", "slack", "--loopback"), "powerstrip apps set slack"),
        (("connect", "slack", "--link"), "does not listen"),
        (("connect", "postmark"), "powerstrip integrations create postmark"),
    ]
    for words, told in cases:
        ran = cli(*words, "--data", folder)
        assert ran.code != 0, words
        assert told in ran.err, (words, ran.err)
        assert SECRET not in ran.out + ran.err
        assert "Traceback" not in ran.err
    assert cli("apps", "list", "--json", "--data", folder).json["items"] == []


class Consents:
    """A hub as far as a consent takes one; it remembers what it was given."""

    def __init__(self, *ends: dict[str, Any]) -> None:
        self.consents, self.ends, self.given = self, list(ends), []

    async def begin(self, way: str, redirect_uri: str | None) -> Any:
        self.given.append((way, redirect_uri))
        return {"id": "con_1", "authorize_url": LINK, "user_code": "ABCD" if way == "device" else "", "interval_seconds": 0}

    async def answer(self, id: str, answer: str) -> Any:
        self.given.append(answer)
        return self.ends.pop(0)

    async def get(self, id: str) -> Any:
        return self.ends.pop(0)


class Desk:
    """A context with streams that a test can read."""

    def __init__(self, way: str | None, **environ: str) -> None:
        self.args = Namespace(way=way, open=False, url=None, data=None)
        self.environ = environ
        self.err = io.StringIO()
        self.console = Console(out=io.StringIO(), err=self.err)


CONNECTED = {"status": "connected", "integration_id": "int_1"}


async def test_the_link_stands_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consenting, "POLL_SECONDS", 0.01)
    desk, hub = Desk("callback"), Consents({"status": "pending"}, CONNECTED)
    ended = await consent(desk, hub, "acme", hub.begin)  # pyright: ignore[reportArgumentType]
    assert ended == CONNECTED
    assert f"  {LINK}\n" in desk.err.getvalue()
    assert hub.given == [("callback", None)]


async def test_a_failure_is_told_with_its_reason() -> None:
    desk, hub = Desk("device"), Consents({"status": "failed", "reason": "Ada said no", "reason_code": "denied"})
    with pytest.raises(Stop, match="Ada said no") as stop:
        await consent(desk, hub, "acme", hub.begin)  # pyright: ignore[reportArgumentType]
    assert stop.value.code == "denied"
    assert "Enter there: ABCD" in desk.err.getvalue()


async def test_the_browser_comes_back_to_this_machine() -> None:
    desk, hub = Desk("loopback"), Consents(CONNECTED)
    waiting = asyncio.create_task(consent(desk, hub, "acme", hub.begin))  # pyright: ignore[reportArgumentType]
    while not hub.given:
        await asyncio.sleep(0.01)
    way, uri = hub.given[0]
    assert way == "loopback"
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/callback/acme", str(uri))
    async with httpx2.AsyncClient() as browser:
        page = await browser.get(f"{uri}?code=c&state=s&iss=https%3A%2F%2Fi")
    assert page.status_code == 200
    assert "code=c" not in page.text
    assert await waiting == CONNECTED
    assert hub.given[1] == f"{uri}?code=c&state=s&iss=https%3A%2F%2Fi"


async def asked(listener: Listener, head: bytes) -> bytes:
    port = int(listener.uri.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


def line(listener: Listener, target: str, host: str = "", method: str = "GET") -> bytes:
    host = host or listener.uri.removeprefix("http://").split("/")[0]
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


async def test_the_listener_takes_one_address_alone() -> None:
    async with listening("acme") as listener:
        strange = [
            line(listener, "/"),
            line(listener, "/callback/other?code=c"),
            line(listener, "/callback/acme"),
            line(listener, "/callback/acme?code=c", host="evil.example"),
            line(listener, "/callback/acme?code=c", method="POST"),
            b"GET /callback/acme?code=c HTTP/1.1\r\n\r\n",
        ]
        for head in strange:
            assert (await asked(listener, head)).startswith(b"HTTP/1.1 404")
        assert await asked(listener, b"x" * (MAX_HEAD + 10)) == b""
        with pytest.raises(TimeoutError):
            await listener.answer(0.05)
        good = await asked(listener, line(listener, "/callback/acme?code=first"))
        assert good.startswith(b"HTTP/1.1 200")
        assert b"default-src 'none'" in good
        await asked(listener, line(listener, "/callback/acme?code=second"))
        assert (await listener.answer(1)).endswith("?code=first")


async def test_the_listener_is_on_loopback_alone_and_gone_afterwards() -> None:
    async with listening("acme") as listener:
        assert listener.uri.startswith("http://127.0.0.1:")
        head = line(listener, "/callback/acme?code=c")
    with pytest.raises(OSError, match="Connect"):
        await asked(listener, head)
