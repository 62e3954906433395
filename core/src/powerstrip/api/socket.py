"""The worker socket's door: the same key, rate and permission as every route has, before the upgrade is granted."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from powerstrip.access import require_open
from powerstrip.api.gate import Gate
from powerstrip.api.head import check_query
from powerstrip.api.hub import Hub
from powerstrip.api.problems import Answer, answer_of
from powerstrip.api.visit import Visit
from powerstrip.automations.workers import Closed, Conversation
from powerstrip.problems import NotFound, Problem

ADDRESS = re.compile(r"/v1/projects/([^/]+)/workers/socket/?")
TEMPLATE = "/v1/projects/{project}/workers/socket"
PERMISSION = "workers.connect"
DENIAL = "websocket.http.response"

Send = Callable[[Any], Awaitable[None]]


class Wire:
    """An ASGI WebSocket as a line of texts. Only texts and bytes come here: pings are answered by the server below."""

    def __init__(self, receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        self._receive = receive
        self._send = send
        self._closed = False

    async def receive(self) -> str | bytes:
        """The next message. Raises `Closed`."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self._closed = True
            raise Closed
        text = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    async def send(self, text: str) -> None:
        """Send a message. Raises `Closed`."""
        await self._out({"type": "websocket.send", "text": text})

    async def close(self, code: int) -> None:
        """Close the line; twice is once."""
        if not self._closed:
            await self._out({"type": "websocket.close", "code": code})
            self._closed = True

    async def _out(self, message: Any) -> None:
        if self._closed:
            raise Closed
        try:
            await self._send(message)
        except Exception:  # noqa: BLE001 - the server tells of a peer that left in its own ways
            self._closed = True
            raise Closed from None


async def converse(visit: Visit, hub: Hub, gate: Gate, receive: Callable[[], Awaitable[Any]], send: Send) -> None:
    """Judge the upgrade and talk. Raises the problem that an answer to the upgrade is made of."""
    address = ADDRESS.fullmatch(visit.head.path)
    if address is None:
        raise NotFound("There is nothing at this address")
    visit.route = TEMPLATE
    visit.known = await gate.identify(visit.head.token, visit.head.ip, visit.head.user_agent)
    visit.within = await gate.enter(visit.known, address[1])
    visit.identity.require(PERMISSION, visit.project.id)
    require_open(visit.project)
    check_query(visit.query, (), ())
    await receive()  # the server's word that the client waits
    await send({"type": "websocket.accept"})
    talk = Conversation(hub.workers, Wire(receive, send), visit.project, visit.actor, lambda: _still_may(visit, hub))
    await talk.run()


async def _still_may(visit: Visit, hub: Hub) -> bool:
    """Whether the key is still good and holds the permission in this project, which is still open."""
    try:
        identity = await hub.access.authenticate(visit.head.token or "")
        identity.require(PERMISSION, visit.project.id)
        require_open(await hub.access.projects.find(identity, visit.project.id))
    except Problem as problem:
        return problem.status == 503  # a database that rests is no reason to send everybody away
    return True


async def deny(scope: Any, send: Send, error: Exception) -> None:
    """Answer an upgrade with an error in the one shape; close it where the server cannot."""
    if DENIAL not in scope.get("extensions", {}):
        return await send({"type": "websocket.close", "code": 1008})
    answer: Answer = answer_of(error)
    headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
    await send({"type": f"{DENIAL}.start", "status": answer.status, "headers": headers})
    await send({"type": f"{DENIAL}.body", "body": answer.body})
