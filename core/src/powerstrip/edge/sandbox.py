"""A sandbox's end of the line: the request is written down, and an answer made up from the declared model.

Nothing here opens a connection, looks up a name or sees a credential.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from powerstrip.adapter import Content, Request, Response
from powerstrip.adapter.mock import mock_wire
from powerstrip.adapter.statuses import check_status
from powerstrip.clock import now, row_id, stamp
from powerstrip.edge.bind import UNRESERVED, Outgoing, query_of
from powerstrip.edge.call import Bound, Call, LedgerRow, Simulate
from powerstrip.edge.errors import NoAnswer, SandboxAnswer
from powerstrip.edge.signing import INLINE_BYTES, shown
from powerstrip.edge.wire import wire_headers
from powerstrip.value import Value

KEPT_BODY = 64 * 1024
"""Bytes of a body that the ledger keeps."""
KEPT_MOCKS = 512
MAX_REQUESTS = 50
"""Of one call. An adapter that pages until the end would page forever through mocks: its caller answers then."""
_mocks: dict[tuple[type[BaseModel], bytes], str] = {}
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SIMULATED: dict[Simulate, tuple[int, str, dict[str, str]]] = {
    "unauthorized": (401, "Simulated: the provider refuses the credential", {}),
    "rate_limited": (429, "Simulated: the provider asks for fewer calls", {"retry-after": "30"}),
    "server_error": (500, "Simulated: the provider is out of order", {}),
    "timeout": (0, "Simulated: the provider does not answer in time", {}),
}


class Recorded(Value):
    """A request that was written down instead of sent."""

    row: LedgerRow
    request: Request
    number: int


async def record(out: Outgoing, bound: Bound, call: Call, number: int) -> Recorded:
    """The ledger's entry of a request, secrets as placeholders."""
    request = await shown(out.request, bound, now())
    query = query_of(out.url, request, safe=UNRESERVED + "<>")
    digest, text, encoding = await _body(request.body)
    row: LedgerRow = {
        "id": row_id("ws"),
        "project_id": bound.project_id,
        "integration_id": bound.integration_id,
        "invocation_id": call.invocation_id,
        "provider": bound.provider,
        "action_name": call.action_name,
        "method": request.method,
        "url": f"{out.url.origin}{out.url.path or '/'}" + (f"?{query}" if query else ""),
        "headers": _json(request.headers if bound.adapter.mail else wire_headers(request)),
        "body": text,
        "body_encoding": encoding,
        "body_size": _size(request.body),
        "body_sha256": digest,
        "idempotency_key": request.idempotency_key or call.idempotency_key,
        "answer_status": 200,
        "answer": "",
        "created_at": stamp(),
    }
    return Recorded(row, request, number)


def answer(recorded: Recorded, call: Call) -> Response:
    """The failure that the call asks for, else a mock of what the adapter reads. Raises `SandboxAnswer` where there is none."""
    if call.simulate is not None:
        return _simulated(recorded.row, call.simulate)
    returns = recorded.request.returns
    if returns is None or recorded.number + 1 >= MAX_REQUESTS:
        raise SandboxAnswer(recorded.row)
    seed = f"{call.seed}-{recorded.number}" if recorded.number else call.seed
    text = recorded.row["answer"] = _mocked(returns, seed, call.echo)
    return Response(200, {"content-type": "application/json"}, text.encode())


def _mocked(returns: type[BaseModel], seed: str, echo: Mapping[str, Any]) -> str:
    """The mock as JSON. The same call has the same mock, so the latest ones are kept."""
    key = (returns, hashlib.blake2b(repr((seed, echo)).encode("utf-8", "surrogatepass"), digest_size=16).digest())
    text = _mocks.get(key)
    if text is None:
        text = _json(mock_wire(returns, seed, echo))
        if len(_mocks) >= KEPT_MOCKS:
            _mocks.clear()
        if len(text) <= KEPT_BODY:
            _mocks[key] = text
    return text


def _simulated(row: LedgerRow, kind: Simulate) -> Response:
    status, words, headers = _SIMULATED[kind]
    row["answer_status"] = status
    text = row["answer"] = _json({"message": words})
    if not status:
        raise NoAnswer(words)
    response = Response(status, {"content-type": "application/json", **headers}, text.encode())
    check_status(response)
    return response


def _json(value: Any) -> str:
    return _ENCODER.encode(value)


async def _body(body: bytes | Content) -> tuple[str, str, str]:
    """Digest, text and encoding; the text is empty where the body is too long to keep."""
    if _size(body) > INLINE_BYTES:
        return await asyncio.to_thread(_digest, body), "", "text"
    if _size(body) > KEPT_BODY:
        return _digest(body), "", "text"
    data = body.read() if isinstance(body, Content) else body
    try:
        return hashlib.sha256(data).hexdigest(), data.decode(), "text"
    except UnicodeDecodeError:
        return hashlib.sha256(data).hexdigest(), base64.b64encode(data).decode(), "base64"


def _digest(body: bytes | Content) -> str:
    return body.sha256() if isinstance(body, Content) else hashlib.sha256(body).hexdigest()


def _size(body: bytes | Content) -> int:
    return body.size if isinstance(body, Content) else len(body)
