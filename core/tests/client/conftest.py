"""A hub made of canned answers: it records what it was asked."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from powerstrip.client import Client

KEY = "mbx_invented-client-key"


@dataclass
class CannedHub:
    """Answers in the order given, the last one for good."""

    answers: list[httpx2.Response] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    @property
    def last(self) -> httpx2.Request:
        return self.requests[-1]

    @property
    def asked(self) -> tuple[str, str]:
        return self.last.method, self.last.url.raw_path.decode()

    @property
    def body(self) -> Any:
        return json.loads(self.last.content) if self.last.content else None


@pytest.fixture
def canned() -> CannedHub:
    return CannedHub([httpx2.Response(200, json={})])


@pytest.fixture
async def client(canned: CannedHub) -> AsyncIterator[Client]:
    transport = httpx2.MockTransport(canned.answer)
    async with Client("http://hub.test", KEY, "shop", transport=transport, sleep=canned.sleep) as client:
        yield client


@pytest.fixture
def refuse(canned: CannedHub) -> Callable[..., None]:
    """Let the hub answer with an error from now on."""

    def refuse(status: int, code: str = "x", message: str = "No", headers: dict[str, str] | None = None, **details: Any) -> None:
        error = {"error": {"code": code, "message": message, "details": details}}
        canned.answers = [httpx2.Response(status, json=error, headers=headers)]

    return refuse
