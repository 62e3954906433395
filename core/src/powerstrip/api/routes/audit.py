"""The audit log."""

from typing import Annotated, Any, Literal

from litestar.params import FromQuery, QueryParameter

from powerstrip.access import AuditFilter, audited_projects
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Filter, Limit, route
from powerstrip.api.shapes.access import AuditLogEntry, AuditLogListResponse, AuditVerification
from powerstrip.api.shapes.base import listed
from powerstrip.api.times import time_parameter
from powerstrip.problems import NotFound

TAG = "audit-logs"
LOGS = f"{PROJECT}/audit-logs"
ORGANISATION = "/v1/audit-logs"

Action = Literal["create", "update", "delete", "archive", "restore", "use", "invoke", "refuse"]
Moment = Annotated[str | None, QueryParameter(description="An RFC 3339 time", max_length=40)]


@route("GET", ORGANISATION, "audit.view", id="listOrgAuditLogs", tag=TAG, summary="List the audit log of all projects")
async def list_org_audit_logs(
    visit: GivenVisit,
    hub: GivenHub,
    project_id: Filter = None,
    resource_type: Filter = None,
    resource_id: Filter = None,
    user_id: Filter = None,
    action: FromQuery[Action | None] = None,
    created_after: Moment = None,
    created_before: Moment = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AuditLogListResponse:
    """Of the projects whose log the key may read, newest first."""
    projects = audited_projects(visit.identity)
    if project_id is not None:
        if projects is not None and project_id not in projects:
            raise NotFound("There is no such project, or your key has no access to its audit log")
        projects = [project_id]
    wanted = _filter(resource_type, resource_id, user_id, action, created_after, created_before)
    return await _page(visit, hub, projects, wanted, cursor, limit)


@route("GET", LOGS, "audit.view", id="listAuditLogs", tag=TAG, summary="List a project's audit log")
async def list_audit_logs(
    visit: GivenVisit,
    hub: GivenHub,
    resource_type: Filter = None,
    resource_id: Filter = None,
    user_id: Filter = None,
    action: FromQuery[Action | None] = None,
    created_after: Moment = None,
    created_before: Moment = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AuditLogListResponse:
    """Who did what, newest first."""
    wanted = _filter(resource_type, resource_id, user_id, action, created_after, created_before)
    return await _page(visit, hub, [visit.project.id], wanted, cursor, limit)


@route("GET", f"{LOGS}/verify", "audit.view", id="verifyAuditLogs", tag=TAG, summary="Check the audit chain")
async def verify_audit_logs(visit: GivenVisit, hub: GivenHub) -> AuditVerification:
    """Walk the hash chain of the whole hub. Where it is broken, and its head, are told to who may read all of it."""
    report, rows = await hub.access.audits.verify(visit.project.id)
    if not visit.identity.may("audit.view", None):
        return AuditVerification(intact=report.intact, rows=rows)
    return AuditVerification(
        intact=report.intact, rows=rows, reason=report.reason or None, broken_seq=report.broken_seq, head=report.head
    )


def _filter(
    resource_type: str | None,
    resource_id: str | None,
    user_id: str | None,
    action: Action | None,
    created_after: str | None,
    created_before: str | None,
) -> AuditFilter:
    after, before = time_parameter("created_after", created_after), time_parameter("created_before", created_before)
    return AuditFilter(resource_type, resource_id, user_id, action, after, before)


async def _page(
    visit: GivenVisit, hub: GivenHub, projects: Any, wanted: AuditFilter, cursor: str | None, limit: int
) -> AuditLogListResponse:
    async def fetch(after: tuple[str, str] | None, count: int) -> list[Any]:
        before = int(after[0]) if after else None
        return await hub.access.audits.list(projects, wanted, before=before, limit=count)

    page = await visit.page(cursor, limit, fetch, lambda row: (str(row.seq), row.id))
    return AuditLogListResponse(**listed([AuditLogEntry.of(row) for row in page.rows], page.next_cursor))


HANDLERS = [list_org_audit_logs, list_audit_logs, verify_audit_logs]
