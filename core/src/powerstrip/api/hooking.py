"""The webhook door over HTTP. Its address is taken before the web framework: bodies are judged raw, and speed counts."""

import asyncio
import re
from typing import Any

from powerstrip.adapter import Acknowledgement
from powerstrip.api.body import check_length, read_all
from powerstrip.api.hub import Hub
from powerstrip.api.problems import Answer, MethodNotAllowed, RequestTimeout
from powerstrip.api.visit import Visit
from powerstrip.edge import HOP
from powerstrip.inbound import MAX_BODY, Arrived
from powerstrip.inbound.door import NOTHING
from powerstrip.problems import NotFound, Unprocessable

ADDRESS = re.compile(r"/v1/hooks/([^/]+)((?:/.*)?)")
"""The endpoint, and what stands below it."""
TEMPLATE = "/v1/hooks/{endpoint}"
HOP_FIELD = HOP.lower().encode()
SECONDS = 15.0
"""How long a delivery may take to arrive."""
ALLOW = (b"allow", b"POST")


async def answer(visit: Visit, hub: Hub, scope: Any, receive: Any, endpoint: str, below: str) -> Answer:
    """Take one delivery. No answer tells a switched-off endpoint from one that never was.

    `below` is the path under the endpoint's address: schemes with `puts` take resources there.
    """
    visit.route = TEMPLATE
    method, deeper = visit.head.method, below not in ("", "/")
    if method == "HEAD" and not deeper:  # a provider asks whether anybody is there before it sends (Intercom)
        await hub.inbound.door.find(endpoint)
        return Answer(200, b"", [_kind(NOTHING)])
    if method != "POST" and not (method == "PUT" and deeper):
        raise MethodNotAllowed("Send deliveries by POST", details={"allowed": ["POST"]})
    known = await hub.inbound.door.find(endpoint)
    if deeper and not known.scheme.puts:
        raise NotFound("There is nothing at this address")
    if hub.deliveries.is_own(visit.head.fields.get(HOP_FIELD, b"").decode("latin-1")):
        raise Unprocessable("This delivery was sent by this hub itself, which would never end", code="loop")
    visit.body.check_encoding()
    check_length(visit.head.fields.get(b"content-length"), MAX_BODY)
    try:
        async with asyncio.timeout(SECONDS):
            body = await read_all(receive, MAX_BODY)
    except TimeoutError:
        raise RequestTimeout(f"The body did not arrive within {SECONDS:.0f} seconds") from None
    host = visit.head.fields.get(b"host", b"").decode("latin-1")
    origin = f"{scope.get('scheme', 'http')}://{host}"
    said = await hub.inbound.door.take(known, Arrived(method, scope["query_string"], scope["headers"], body, origin))
    return Answer(200, said.text.encode("utf-8", "replace"), [_kind(said)])


def _kind(said: Acknowledgement) -> tuple[bytes, bytes]:
    return b"content-type", f"{said.media_type}; charset=utf-8".encode()
