"""A provider that answers as a test tells it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import BaseModel

from powerstrip.adapter.adapter import Adapter
from powerstrip.adapter.content import Content
from powerstrip.adapter.http import Http, Request, Response, Sender
from powerstrip.adapter.mail import Mail
from powerstrip.adapter.model import by_wire
from powerstrip.adapter.statuses import check_status

Json: TypeAlias = Any
Answer: TypeAlias = Json | tuple[int, Json] | BaseModel | Response | Callable[[Request], Any]
"""JSON, (status, JSON), a model, a whole `Response`, or a function of the request that gives one of these."""


@dataclass(frozen=True)
class FakeHttp(Http):
    """An `Http` that remembers what an adapter sent."""

    sent: list[Request] = field(default_factory=list[Request])


@dataclass(frozen=True)
class FakeMail(Mail):
    """A `Mail` that remembers what an adapter asked for."""

    sent: list[Request] = field(default_factory=list[Request])


def provider(adapter: Adapter, answers: Mapping[str, Answer], config: Mapping[str, Any] | None = None) -> FakeHttp:
    """An `Http` to call the adapter's functions with.

    `answers` maps "METHOD /path" (or "METHOD https://…" for an address that the provider handed out) to what the provider
    answers. Errors are told as in the hub: by the adapter's own mapping first, then by status; a download is not looked
    into. A request that no answer is given for fails the test. `config` is the integration's settings.
    """
    sent: list[Request] = []

    def presigner(request: Request, seconds: int) -> str:
        return f"{adapter.base_url}{request.target}?expires={seconds}&signature=invented"

    return FakeHttp(_sender(adapter, answers, sent), dict(config or {}), presigner, sent)


def mail_server(adapter: Adapter, answers: Mapping[str, Answer], config: Mapping[str, Any] | None = None) -> FakeMail:
    """The same for an adapter that is given a `Mail`: "SEND smtp:/", "LOGIN imap:/", "LIST imap:/" and "READ imap:/"."""
    sent: list[Request] = []
    return FakeMail(_sender(adapter, answers, sent), dict(config or {}), sent)


def _sender(adapter: Adapter, answers: Mapping[str, Answer], sent: list[Request]) -> Sender:
    async def sender(request: Request) -> Response:
        sent.append(request)
        response = _response(_answer(answers, request), request)
        check_status(response, None if request.stream else adapter.check)
        return _streamed(response) if request.stream else response

    return sender


def _answer(answers: Mapping[str, Answer], request: Request) -> Answer:
    wanted = f"{request.method} {request.target}"
    if wanted not in answers:
        known = ", ".join(answers) or "none"
        raise AssertionError(f"The adapter sent {wanted}, and the test gives no answer to it. It gives: {known}")
    return answers[wanted]


def _response(answer: Answer, request: Request) -> Response:
    match answer:
        case Response():
            return answer
        case BaseModel():
            return _response(by_wire(answer), request)
        case (int(status), body):
            return Response(status, {"content-type": "application/json"}, json.dumps(body).encode())
        case _ if callable(answer):
            return _response(answer(request), request)
        case _:
            return _response((200, answer), request)


def _streamed(response: Response) -> Response:
    """The answer of a download: its body is in `content`."""
    if response.content is not None:
        return response
    content = Content(response.body, media_type=response.headers.get("content-type"))
    return Response(response.status, response.headers, content=content)
