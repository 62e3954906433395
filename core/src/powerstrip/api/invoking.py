"""One call of an action over HTTP. Its address is taken before the web framework, which would cost more than all the rest."""

import re
from typing import Any

from powerstrip.access import INVOKE, Identity, missing, require_open
from powerstrip.actions import PROVIDER, Invoke, Result, Unsent
from powerstrip.api.gate import Gate
from powerstrip.api.head import check_query
from powerstrip.api.hub import Hub
from powerstrip.api.problems import JSON_TYPE, Answer, json_answer
from powerstrip.api.shapes.invoking import InvokeActionRequest, SandboxRequest
from powerstrip.api.visit import Visit
from powerstrip.catalog import Catalog
from powerstrip.problems import NotFound
from powerstrip.store import Project
from powerstrip.validation import read_json

ADDRESS = re.compile(r"/v1/projects/([^/]+)/actions/([^/]+)/invocations/?")
TEMPLATE = "/v1/projects/{project}/actions/{action_name}/invocations"
REPLAYED = (b"idempotency-replayed", b"true")
MAX_LEDGER = 50
"""Entries that an answer lists; `GET …/sandbox/requests?invocation_id=` gives them all."""


async def answer(visit: Visit, hub: Hub, gate: Gate, project: str, name: str) -> Answer:
    """The whole way of an invocation: key, project, permission, body, call."""
    visit.route = TEMPLATE
    visit.known = await gate.identify(visit.head.token, visit.head.ip, visit.head.user_agent)
    visit.within = await gate.enter(visit.known, project)
    check_execute(visit.known, visit.within, await hub.catalog_for(visit.within, name), name)
    require_open(visit.within)
    check_query(visit.query, (), ())
    data = read_json(InvokeActionRequest, await visit.body.json(), "request")
    return await invoke(visit, hub, name, data)


async def invoke(visit: Visit, hub: Hub, name: str, data: InvokeActionRequest) -> Answer:
    """Call the action and tell how it ended."""
    call = Invoke(
        input=data.input,
        integration=data.integration,
        dry_run=data.dry_run,
        sandbox=data.sandbox,
        simulate=data.simulate,
        timeout_seconds=data.timeout_seconds,
        idempotency_key=visit.head.idempotency_key,
    )
    result = await hub.actions.invoke(visit.project, visit.actor, name, call)
    told = json_answer(202 if result.status == "active" else 200, _told(result))
    return Answer(told.status, told.body, [JSON_TYPE, REPLAYED]) if result.replayed else told


def check_execute(identity: Identity, project: Project, catalog: Catalog, name: str) -> None:
    """Raises `Forbidden` where the caller may not call this action, `NotFound` for an unknown one to who may call all."""
    try:
        action = ".".join(catalog.find_action(name))
    except NotFound:  # then it is one of the project's own, or none
        action = f"{PROVIDER}.{name}"
        if not identity.may_execute(action, project.id):
            identity.require(INVOKE, project.id)
    if not identity.may_execute(action, project.id):
        raise missing(f"actions.execute.{action}")


def _told(result: Result) -> dict[str, Any]:
    """An `ActionInvocationResult` without the detour over its model."""
    told: dict[str, Any] = {"status": result.status, "invocation_id": result.invocation_id, "mode": result.mode}
    for name in ("job_id", "output", "error", "error_type", "retry_after"):
        value = getattr(result, name)
        if value is not None:
            told[name] = value
    if result.would_send or result.mode == "sandbox":
        sent = result.would_send[:MAX_LEDGER]
        told["would_have_sent"] = [_sent(row) for row in sent]
    return told


def _sent(row: Unsent) -> dict[str, Any]:
    """A `SandboxRequest`, in the same way."""
    return {name: value for name in SandboxRequest.model_fields if (value := getattr(row, name)) is not None}
