"""A delivery to an HTTP trigger. Its address is taken before the web framework, as those of webhooks and of calls are."""

import re
from typing import TYPE_CHECKING, Any

from powerstrip.api.head import check_query
from powerstrip.api.hub import Hub
from powerstrip.api.problems import Answer, json_answer
from powerstrip.api.visit import Visit
from powerstrip.problems import BadInput
from powerstrip.strictjson import strict_json

if TYPE_CHECKING:
    from powerstrip.api.shapes.runs import HTTPTriggerDeliveryResponse

ADDRESS = re.compile(r"/v1/triggers/http/([^/]+)/?")
TEMPLATE = "/v1/triggers/http/{http_handle}"
MOST_SECONDS = 30
_SECONDS = re.compile(r"[0-9]{1,3}")


async def answer(visit: Visit, hub: Hub, handle: str) -> Answer:
    """The whole way of a delivery."""
    visit.route = TEMPLATE
    check_query(visit.query, ("idempotency_key", "wait"), ())
    asked = dict(visit.query)
    wait = asked.get("wait", "0")
    if not _SECONDS.fullmatch(wait) or int(wait) > MOST_SECONDS:
        errors = [{"path": "wait", "message": f"Give whole seconds, 0 to {MOST_SECONDS}"}]
        raise BadInput("This is not allowed for wait", details={"errors": errors})
    told = await deliver(visit, hub, handle, asked.get("idempotency_key"), int(wait))
    return json_answer(202, told.model_dump(mode="json", exclude_none=True))


async def deliver(visit: Visit, hub: Hub, handle: str, key: str | None, wait: float) -> "HTTPTriggerDeliveryResponse":
    """Read the delivery's body and proofs, and put it on record."""
    await hub.complete()
    from powerstrip.api.shapes.runs import HTTPTriggerDeliveryResponse  # not before the port is open
    from powerstrip.automations import Request

    body = b"" if visit.body.absent else (await visit.body.json()).encode()
    data: Any = strict_json(body) if body else {}
    if not isinstance(data, dict):
        raise BadInput("Send a JSON object")
    fields = visit.head.fields
    request = Request(
        body,
        data,  # pyright: ignore[reportUnknownArgumentType] - strict_json gives plain JSON
        key or fields.get(b"x-idempotency-key", b"").decode("latin-1") or visit.head.idempotency_key,
        fields.get(b"x-powerstrip-timestamp", b"").decode("latin-1"),
        fields.get(b"x-powerstrip-signature", b"").decode("latin-1"),
    )
    return HTTPTriggerDeliveryResponse.of(await hub.flow.intake.deliver(handle, request, wait), full=visit.head.full)
