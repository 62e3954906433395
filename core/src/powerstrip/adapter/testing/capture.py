"""Running an adapter's functions against made-up answers, and keeping what they would have sent."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from powerstrip.adapter.adapter import Adapter
from powerstrip.adapter.content import Content
from powerstrip.adapter.errors import PowerstripError
from powerstrip.adapter.http import Http, Request, Response
from powerstrip.adapter.mail import Mail
from powerstrip.adapter.mock import mock_wire
from powerstrip.adapter.model import by_name
from powerstrip.adapter.statuses import check_status
from powerstrip.adapter.testing.samples import sample

MAX_REQUESTS = 20
TIME_LIMIT = 5.0
"""Seconds for one function."""


class Captured(BaseException):
    """The function reads a raw answer, which cannot be made up: what it would have sent is known, and that is enough."""


class TooMany(Exception):
    """The function does not stop asking."""


@dataclass
class Outcome:
    """What calling an adapter's function led to. `trouble` says what went wrong, empty where nothing did."""

    sent: list[Request] = field(default_factory=list[Request])
    answered: int = 0
    """How many of them went to the provider: a link that is signed here goes nowhere."""
    result: Any = None
    """None where the function was captured before its end."""
    refusal: PowerstripError | None = None
    trouble: str = ""


def run(adapter: Adapter, function: Callable[..., Awaitable[Any]], *arguments: Any) -> Outcome:
    """Call `function(door, *arguments)` with made-up answers. Nothing is sent; raises nothing."""
    return _observed(adapter, _made_up, function, arguments)


def run_against(adapter: Adapter, answer: Response, function: Callable[..., Awaitable[Any]], *arguments: Any) -> Outcome:
    """The same where the provider answers every request with `answer`, and errors are told as in the hub."""

    def given(request: Request) -> Response:
        check_status(answer, None if request.stream else adapter.check)
        return Response(answer.status, answer.headers, content=Content(answer.body)) if request.stream else answer

    return _observed(adapter, given, function, arguments)


def _observed(
    adapter: Adapter, answer: Callable[[Request], Response], function: Callable[..., Awaitable[Any]], arguments: tuple[Any, ...]
) -> Outcome:
    seen = Outcome()
    try:
        seen.result = asyncio.run(_bounded(function(_door(adapter, seen, answer), *arguments)))
    except PowerstripError as error:
        seen.refusal = error
    except TooMany:
        seen.trouble = f"it sends more than {MAX_REQUESTS} requests: make sure that its paging ends"
    except TimeoutError:
        seen.trouble = f"it does not end within {TIME_LIMIT:g} seconds, though every answer is there at once"
    except Exception as error:  # noqa: BLE001 - whatever an adapter's function raises is told to its author
        seen.trouble = f"it fails with {type(error).__name__}: {error}"
    return seen


def _made_up(request: Request) -> Response:
    if request.returns is None:
        raise Captured
    body = json.dumps(mock_wire(request.returns)).encode()
    return Response(200, {"content-type": "application/json"}, body)


def _door(adapter: Adapter, seen: Outcome, answer: Callable[[Request], Response]) -> Http | Mail:
    async def sender(request: Request) -> Response:
        seen.sent.append(request)
        seen.answered += 1
        if seen.answered > MAX_REQUESTS:
            raise TooMany
        return answer(request)

    def presigner(request: Request, seconds: int) -> str:
        seen.sent.append(request)
        return f"{adapter.base_url}{request.target}?expires={seconds}&signature=invented"

    return adapter.door(sender, _config(adapter), presigner)


async def _bounded(call: Awaitable[Any]) -> Any:
    async with asyncio.timeout(TIME_LIMIT):
        try:
            return await call
        except Captured:
            return None


def _config(adapter: Adapter) -> dict[str, Any]:
    made = sample(adapter.config)
    return by_name(made) if made is not None else {}
