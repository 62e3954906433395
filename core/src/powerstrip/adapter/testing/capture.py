"""Running an adapter's functions against made-up answers, and keeping what they would have sent."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from powerstrip.adapter.adapter import Adapter
from powerstrip.adapter.errors import PowerstripError
from powerstrip.adapter.http import Http, Request, Response
from powerstrip.adapter.mock import mock_wire
from powerstrip.adapter.model import by_name
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
    result: Any = None
    """None where the function was captured before its end."""
    refusal: PowerstripError | None = None
    trouble: str = ""


def run(adapter: Adapter, function: Callable[..., Awaitable[Any]], *arguments: Any) -> Outcome:
    """Call `function(http, *arguments)`. Nothing is sent; raises nothing."""
    seen = Outcome()
    try:
        seen.result = asyncio.run(_bounded(function(_http(adapter, seen.sent), *arguments)))
    except PowerstripError as error:
        seen.refusal = error
    except TooMany:
        seen.trouble = f"it sends more than {MAX_REQUESTS} requests: make sure that its paging ends"
    except TimeoutError:
        seen.trouble = f"it does not end within {TIME_LIMIT:g} seconds, though every answer is there at once"
    except Exception as error:  # noqa: BLE001 - whatever an adapter's function raises is told to its author
        seen.trouble = f"it fails with {type(error).__name__}: {error}"
    return seen


def _http(adapter: Adapter, sent: list[Request]) -> Http:
    async def sender(request: Request) -> Response:
        sent.append(request)
        if len(sent) > MAX_REQUESTS:
            raise TooMany
        if request.returns is None:
            raise Captured
        body = json.dumps(mock_wire(request.returns)).encode()
        return Response(200, {"content-type": "application/json"}, body)

    def presigner(request: Request, seconds: int) -> str:
        sent.append(request)
        return f"{adapter.base_url}{request.target}?expires={seconds}&signature=invented"

    return Http(sender, _config(adapter), presigner)


async def _bounded(call: Awaitable[Any]) -> Any:
    async with asyncio.timeout(TIME_LIMIT):
        try:
            return await call
        except Captured:
            return None


def _config(adapter: Adapter) -> dict[str, Any]:
    made = sample(adapter.config)
    return by_name(made) if made is not None else {}
