"""Actions of the project's own: registered, changed, their secrets."""

from typing import Any

from litestar.params import FromPath, JSONBody

from powerstrip.actions import NewOwnAction, OwnActionChanges
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Limit, route
from powerstrip.api.shapes.actions import (
    Action,
    ActionListResponse,
    CreateActionRequest,
    RotateActionSecretRequest,
    RotateActionSecretResult,
    UpdateActionRequest,
)
from powerstrip.api.shapes.base import listed

TAG = "actions"
ACTIONS = f"{PROJECT}/actions"
ACTION = f"{ACTIONS}/{{action_name:str}}"
VIEW, MANAGE = "catalog.view", "actions.manage"


@route("GET", ACTIONS, VIEW, id="listActions", tag=TAG, summary="List own actions")
async def list_actions(visit: GivenVisit, hub: GivenHub, limit: Limit = 50, cursor: Cursor = None) -> ActionListResponse:
    """Newest first. Secrets are never in it. The catalog has them too, beside the providers' actions."""

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.own_actions.list(visit.project.id, after=after, limit=wanted)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return ActionListResponse(**listed([Action.of(row) for row in page.rows], page.next_cursor))


@route("POST", ACTIONS, MANAGE, id="createAction", tag=TAG, summary="Create an own action", status=201)
async def create_action(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateActionRequest]) -> Action:
    """An HTTP action's signing secret is in the answer, this once."""
    new = NewOwnAction(
        name=data.name,
        kind=data.endpoint_kind,
        title=data.title,
        description=data.description,
        endpoint_url=data.endpoint_url,
        input_schema=data.input_schema,
        output_schema=data.output_schema,
        hints=data.annotations.hints(),
        tags=data.tags,
        queue=data.queue,
        timeout_seconds=data.timeout_seconds,
    )
    return Action.issued(await hub.own_actions.create(visit.project, visit.actor, new))


@route("GET", ACTION, VIEW, id="getAction", tag=TAG, summary="Get an own action")
async def get_action(visit: GivenVisit, hub: GivenHub, action_name: FromPath[str]) -> Action:
    """Its secret is never in it."""
    return Action.of(await hub.own_actions.get(visit.project.id, action_name))


@route("PATCH", ACTION, MANAGE, id="updateAction", tag=TAG, summary="Update an own action")
async def update_action(
    visit: GivenVisit, hub: GivenHub, action_name: FromPath[str], data: JSONBody[UpdateActionRequest]
) -> Action:
    """Its name and its kind stay as they are."""
    changes = OwnActionChanges(
        title=data.title,
        description=data.description,
        endpoint_url=data.endpoint_url,
        input_schema=data.input_schema,
        output_schema=data.output_schema,
        hints=data.annotations.hints() if data.annotations is not None else None,
        clear_hints="annotations" in data.model_fields_set and data.annotations is None,
        tags=data.tags,
        queue=data.queue,
        timeout_seconds=data.timeout_seconds,
    )
    return Action.of(await hub.own_actions.update(visit.project, visit.actor, action_name, changes))


@route("DELETE", ACTION, MANAGE, id="deleteAction", tag=TAG, summary="Delete an own action", status=204)
async def delete_action(visit: GivenVisit, hub: GivenHub, action_name: FromPath[str]) -> None:
    """Not while published automations use it."""
    await hub.own_actions.delete(visit.project, visit.actor, action_name)


@route(
    "POST",
    f"{ACTION}/secret/rotate",
    MANAGE,
    id="rotateActionSecret",
    tag=TAG,
    summary="Replace an HTTP action's signing secret",
    bodiless=True,
)
async def rotate_action_secret(
    visit: GivenVisit, hub: GivenHub, action_name: FromPath[str], data: JSONBody[RotateActionSecretRequest]
) -> RotateActionSecretResult:
    """Both sign for the overlap (a day where none is named); then the old one stops."""
    made = await hub.own_actions.rotate(visit.project, visit.actor, action_name, data.overlap_seconds)
    return RotateActionSecretResult.of(made)


HANDLERS = [list_actions, create_action, get_action, update_action, delete_action, rotate_action_secret]
