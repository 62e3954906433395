"""Workers: their sessions, their jobs, and the address of their socket."""

from typing import Any

from litestar.params import FromPath, JSONBody

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.problems import UpgradeRequired
from powerstrip.api.route import PROJECT, Cursor, Filter, Limit, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.workers import (
    CancelJobRequest,
    Job,
    JobListResponse,
    WorkerSessionListResponse,
)

SESSIONS = f"{PROJECT}/worker-sessions"
JOBS = f"{PROJECT}/jobs"
VIEW, MANAGE, CONNECT = "workers.view", "workers.manage", "workers.connect"


@route("GET", SESSIONS, VIEW, id="listWorkerSessions", tag="worker-sessions", summary="List worker sessions")
async def list_worker_sessions(visit: GivenVisit, hub: GivenHub) -> WorkerSessionListResponse:
    """Workers that were seen in the last 30 days. `stale` ones were not for 90 seconds."""
    return WorkerSessionListResponse.of(await hub.workers.sessions(visit.project.id))


@route(
    "POST",
    f"{SESSIONS}/{{id:str}}/drain",
    MANAGE,
    id="drainWorkerSession",
    tag="worker-sessions",
    summary="Send a worker home",
    status=202,
)
async def drain_worker_session(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> WorkerSessionListResponse:
    """It finishes what it has, takes no more and ends."""
    await hub.workers.drain(visit.project.id, id)
    return WorkerSessionListResponse.of(await hub.workers.sessions(visit.project.id))


@route("GET", f"{PROJECT}/workers/socket", CONNECT, id="openWorkerSocket", tag="jobs", summary="Open the worker WebSocket")
async def open_worker_socket(visit: GivenVisit, hub: GivenHub) -> None:
    """Upgrade to a WebSocket here: workers register, claim jobs, say that they go on, and report their ends."""
    raise UpgradeRequired("This is the address of a WebSocket: connect a worker to it")


@route("GET", JOBS, VIEW, id="listJobs", tag="jobs", summary="List jobs")
async def list_jobs(
    visit: GivenVisit,
    hub: GivenHub,
    status: Filter = None,
    queue: Filter = None,
    action_name: Filter = None,
    run_id: Filter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JobListResponse:
    """Newest first. `status=dead` lists those that no worker could finish."""

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.workers.list_jobs(
            visit.project.id, status=status, queue=queue, action_name=action_name, run_id=run_id, after=after, limit=wanted
        )

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return JobListResponse(**listed([Job.of(row) for row in page.rows], page.next_cursor))


@route("GET", f"{JOBS}/{{id:str}}", VIEW, id="getJob", tag="jobs", summary="Get a job")
async def get_job(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Job:
    """Its lease token is never in it."""
    return Job.of(await hub.workers.job(visit.project.id, id))


@route("POST", f"{JOBS}/{{id:str}}/cancellations", MANAGE, id="cancelJob", tag="jobs", summary="Cancel a job", bodiless=True)
async def cancel_job(visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[CancelJobRequest]) -> Job:
    """One that waits ends at once; the worker of one that is worked at is told, and has half a minute."""
    await hub.workers.cancel(visit.project.id, visit.actor, id, data.reason)
    return Job.of(await hub.workers.job(visit.project.id, id))


@route("POST", f"{JOBS}/{{id:str}}/retry", MANAGE, id="retryJob", tag="jobs", summary="Give a dead job out again")
async def retry_job(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Job:
    """With all its attempts. The job of a run is retried with the run."""
    return Job.of(await hub.workers.revive(visit.project.id, visit.actor, id))


HANDLERS = [
    list_worker_sessions,
    drain_worker_session,
    open_worker_socket,
    list_jobs,
    get_job,
    cancel_job,
    retry_job,
]
