"""Automations: made, checked, versioned, published, archived. (Their runs are in a module of their own.)"""

from typing import Any

from litestar.params import FromPath, FromQuery, JSONBody

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Limit, route
from powerstrip.api.shapes.automations import (
    Automation,
    AutomationCheck,
    AutomationListResponse,
    AutomationStatusFilter,
    AutomationVersion,
    AutomationVersionListResponse,
    CheckAutomationRequest,
    CreateAutomationRequest,
    CreateAutomationVersionRequest,
    UpdateAutomationRequest,
)
from powerstrip.api.shapes.base import listed
from powerstrip.automations import AutomationChanges, NewAutomation
from powerstrip.problems import BadInput

TAG = "automations"
AUTOMATIONS = f"{PROJECT}/automations"
AUTOMATION = f"{AUTOMATIONS}/{{handle:str}}"
VERSION = f"{AUTOMATION}/versions/{{version:str}}"
VIEW, MANAGE = "automations.view", "automations.manage"


@route("GET", AUTOMATIONS, VIEW, id="listAutomations", tag=TAG, summary="List automations")
async def list_automations(
    visit: GivenVisit,
    hub: GivenHub,
    status: FromQuery[AutomationStatusFilter | None] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AutomationListResponse:
    """Newest first, without archived ones unless asked for."""

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.automations.list(visit.project.id, status=status, after=after, limit=wanted)

    page = await visit.page(cursor, limit, fetch, lambda known: (known.row.created_at, known.row.id))
    return AutomationListResponse(**listed([Automation.of(known) for known in page.rows], page.next_cursor))


@route("POST", AUTOMATIONS, MANAGE, id="createAutomation", tag=TAG, summary="Create an automation", status=201)
async def create_automation(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateAutomationRequest]) -> Automation:
    """It is a draft until a version is published."""
    new = NewAutomation(
        data.handle, data.name, data.description, data.default_inputs, data.settings, data.tags, data.default_agent_id
    )
    return Automation.of(await hub.automations.create(visit.project, visit.actor, new))


@route("POST", f"{AUTOMATIONS}/check", VIEW, id="checkAutomation", tag=TAG, summary="Check a spec")
async def check_automation(visit: GivenVisit, hub: GivenHub, data: JSONBody[CheckAutomationRequest]) -> AutomationCheck:
    """Nothing is kept. What is wrong is in the answer, with its line and column where `source` was given."""
    _need_spec(data.spec, data.source)
    return AutomationCheck.of(await hub.automations.check(visit.project.id, data.draft(), data.handle))


@route("GET", AUTOMATION, VIEW, id="getAutomation", tag=TAG, summary="Get an automation")
async def get_automation(visit: GivenVisit, hub: GivenHub, handle: FromPath[str]) -> Automation:
    """With the triggers of its published version."""
    return Automation.of(await hub.automations.get(visit.project.id, handle))


@route("PATCH", AUTOMATION, MANAGE, id="updateAutomation", tag=TAG, summary="Update an automation")
async def update_automation(
    visit: GivenVisit, hub: GivenHub, handle: FromPath[str], data: JSONBody[UpdateAutomationRequest]
) -> Automation:
    """`paused` keeps its triggers from firing; `active` lets them again, and takes an archived one back."""
    changes = AutomationChanges(
        data.name, data.description, data.status, data.default_inputs, data.settings, data.tags, data.default_agent_id
    )
    return Automation.of(await hub.automations.update(visit.project, visit.actor, handle, changes))


@route("DELETE", AUTOMATION, MANAGE, id="archiveAutomation", tag=TAG, summary="Archive an automation", status=204)
async def archive_automation(visit: GivenVisit, hub: GivenHub, handle: FromPath[str]) -> None:
    """Its runs stay, no new ones start."""
    await hub.automations.archive(visit.project, visit.actor, handle)


@route("GET", f"{AUTOMATION}/versions", VIEW, id="listAutomationVersions", tag=TAG, summary="List versions")
async def list_automation_versions(visit: GivenVisit, hub: GivenHub, handle: FromPath[str]) -> AutomationVersionListResponse:
    """All of them, newest first."""
    rows = await hub.automations.versions(visit.project.id, handle)
    return AutomationVersionListResponse(items=[AutomationVersion.of(row, full=visit.head.full) for row in rows])


@route("POST", f"{AUTOMATION}/versions", MANAGE, id="createAutomationVersion", tag=TAG, summary="Create a version", status=201)
async def create_automation_version(
    visit: GivenVisit, hub: GivenHub, handle: FromPath[str], data: JSONBody[CreateAutomationVersionRequest]
) -> AutomationVersion:
    """A draft; errors in it are in `validation` and keep it from being published. A spec with a credential is refused."""
    _need_spec(data.spec, data.source)
    row = await hub.automations.add_version(visit.project, visit.actor, handle, data.draft(), base=data.base_version)
    return AutomationVersion.of(row, full=visit.head.full)


@route("GET", VERSION, VIEW, id="getAutomationVersion", tag=TAG, summary="Get a version")
async def get_automation_version(
    visit: GivenVisit, hub: GivenHub, handle: FromPath[str], version: FromPath[str]
) -> AutomationVersion:
    """Spec, plan and findings."""
    return AutomationVersion.of(await hub.automations.version(visit.project.id, handle, _number(version)), full=visit.head.full)


@route("POST", f"{VERSION}/publication", MANAGE, id="publishAutomationVersion", tag=TAG, summary="Publish a version")
async def publish_automation_version(
    visit: GivenVisit, hub: GivenHub, handle: FromPath[str], version: FromPath[str]
) -> Automation:
    """New runs use it from now on; an older version can be published again."""
    return Automation.of(await hub.automations.publish(visit.project, visit.actor, handle, _number(version)))


@route("DELETE", f"{AUTOMATION}/publication", MANAGE, id="unpublishAutomation", tag=TAG, summary="Unpublish an automation")
async def unpublish_automation(visit: GivenVisit, hub: GivenHub, handle: FromPath[str]) -> Automation:
    """No version runs any more, and no trigger fires."""
    return Automation.of(await hub.automations.unpublish(visit.project, visit.actor, handle))


def _number(version: str) -> int:
    """A version's number; 0, which no version has, for any other word."""
    return int(version) if version.isascii() and version.isdigit() and len(version) <= 9 else 0


def _need_spec(spec: object, source: object) -> None:
    if spec is None and source is None:
        errors = [{"path": "spec", "message": "is missing"}]
        raise BadInput("Give `spec` (JSON) or `source` (YAML or JSON text)", details={"errors": errors})


HANDLERS = [
    list_automations,
    create_automation,
    check_automation,
    get_automation,
    update_automation,
    archive_automation,
    list_automation_versions,
    create_automation_version,
    get_automation_version,
    publish_automation_version,
    unpublish_automation,
]
