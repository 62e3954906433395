"""Calls of actions, their log, and the ledger of what a sandbox would have sent."""

from typing import Annotated, Any, cast

from litestar import Response
from litestar.params import FromPath, HeaderParameter, JSONBody

from powerstrip.access import EXECUTE
from powerstrip.api import invoking
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Filter, Limit, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.calls import (
    ActionInvocationEntry,
    ActionInvocationListResponse,
    ActionInvocationResult,
    SandboxRequestListResponse,
)
from powerstrip.api.shapes.invoking import InvokeActionRequest, SandboxRequest

INVOCATIONS = f"{PROJECT}/action-invocations"
IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key", description="A repeat with it is the same call")]


@route(
    "POST",
    f"{PROJECT}/actions/{{action_name:str}}/invocations",
    f"{EXECUTE}*",
    id="invokeAction",
    tag="actions",
    summary="Invoke an action",
)
async def invoke_action(
    visit: GivenVisit,
    hub: GivenHub,
    action_name: FromPath[str],
    data: JSONBody[InvokeActionRequest],
    idempotency_key: IdempotencyKey = None,
) -> Response[ActionInvocationResult]:
    """Call an action and wait for its end. What the provider refuses is an answer with the status `failed`."""
    # The front takes this address before the framework does, for speed; both ways end here.
    told = await invoking.invoke(visit, hub, action_name, data)
    headers = {name.decode(): value.decode() for name, value in told.headers}
    return cast(Any, Response(told.body, media_type=headers.pop("content-type"), headers=headers))


@route("GET", INVOCATIONS, "invocations.view", id="listActionInvocations", tag="actions", summary="List invocations")
async def list_action_invocations(
    visit: GivenVisit,
    hub: GivenHub,
    run_id: Filter = None,
    job_id: Filter = None,
    action_name: Filter = None,
    provider: Filter = None,
    integration_id: Filter = None,
    mode: Filter = None,
    status: Filter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ActionInvocationListResponse:
    """The log of calls, newest first."""

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.actions.list(
            visit.project.id,
            run_id=run_id,
            job_id=job_id,
            action_name=action_name,
            provider=provider,
            integration_id=integration_id,
            mode=mode,
            status=status,
            after=after,
            limit=wanted,
        )

    page = await visit.page(cursor, limit, fetch, lambda row: (row.started_at, row.id))
    return ActionInvocationListResponse(**listed([ActionInvocationEntry.of(row) for row in page.rows], page.next_cursor))


@route(
    "GET", f"{INVOCATIONS}/{{id:str}}", "invocations.view", id="getActionInvocation", tag="actions", summary="Get an invocation"
)
async def get_action_invocation(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> ActionInvocationEntry:
    """One row of the log."""
    return ActionInvocationEntry.of(await hub.actions.get(visit.project.id, id))


@route(
    "GET", f"{PROJECT}/sandbox/requests", "sandbox.view", id="listSandboxRequests", tag="sandbox", summary="List unsent requests"
)
async def list_sandbox_requests(
    visit: GivenVisit,
    hub: GivenHub,
    invocation_id: Filter = None,
    integration_id: Filter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SandboxRequestListResponse:
    """What sandboxes would have sent, newest first."""

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.actions.would_send(
            visit.project.id, invocation_id=invocation_id, integration_id=integration_id, after=after, limit=wanted
        )

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return SandboxRequestListResponse(**listed([SandboxRequest.of(row) for row in page.rows], page.next_cursor))


HANDLERS = [invoke_action, list_action_invocations, get_action_invocation, list_sandbox_requests]
