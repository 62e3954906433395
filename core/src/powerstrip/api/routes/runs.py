"""Runs: started, looked at, followed, stopped, resumed; HTTP triggers."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, PUBLIC, Cursor, Filter, Limit, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.runs import (
    AutomationRun,
    AutomationRunEvent,
    AutomationRunEventListResponse,
    AutomationRunListResponse,
    AutomationRunStep,
    AutomationRunStepListResponse,
    CancelAutomationRunRequest,
    HTTPTriggerDeliveryResponse,
    ResumeAutomationRunRequest,
    RetryAutomationRunRequest,
    RunDifference,
    RunDiffResponse,
    RunStatus,
    SignalAutomationRunRequest,
    StartAutomationRunRequest,
    TriggerSecretResponse,
)
from powerstrip.api.tailing import EVENT_STREAM, still_may
from powerstrip.api.triggering import MOST_SECONDS, deliver
from powerstrip.automations import Choice
from powerstrip.clock import monotonic
from powerstrip.problems import BadInput
from powerstrip.value import asdict

TAG = "runs"
AUTOMATION = f"{PROJECT}/automations/{{handle:str}}"
RUNS = f"{PROJECT}/runs"
RUN = f"{RUNS}/{{id:str}}"
VIEW, RUNNING, MANAGE = "runs.view", "runs.manage", "automations.manage"
BREATH = 10.0
CHECK = 2.0
Since = Annotated[int, QueryParameter(ge=0, le=2**53, description="Entries after this one")]
Wait = Annotated[int, QueryParameter(ge=0, le=MOST_SECONDS, description="Seconds to wait for the run's end")]


@route("POST", f"{AUTOMATION}/runs", RUNNING, id="startRun", tag=TAG, summary="Start a run", status=202, bodiless=True)
async def start_run(
    visit: GivenVisit, hub: GivenHub, handle: FromPath[str], data: JSONBody[StartAutomationRunRequest]
) -> AutomationRun:
    """Of the version in force. The same `external_id` gives the same run while that is active."""
    return AutomationRun.of(await hub.flow.runs.start(visit.project, visit.actor, handle, data.start()), full=visit.head.full)


@route("GET", RUNS, VIEW, id="listRuns", tag=TAG, summary="List runs")
async def list_runs(
    visit: GivenVisit,
    hub: GivenHub,
    status: FromQuery[RunStatus | None] = None,
    automation_id: Filter = None,
    source_event_id: Filter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AutomationRunListResponse:
    """Newest first."""

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.flow.runs.list(
            visit.project.id,
            status=status,
            automation_id=automation_id,
            source_event_id=source_event_id,
            after=after,
            limit=wanted,
        )

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return AutomationRunListResponse(
        **listed([AutomationRun.of(row, full=visit.head.full) for row in page.rows], page.next_cursor)
    )


@route("GET", RUN, VIEW, id="getRun", tag=TAG, summary="Get a run")
async def get_run(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> AutomationRun:
    """With its inputs and its result."""
    return AutomationRun.of(await hub.flow.runs.get(visit.project.id, id), full=visit.head.full)


@route("GET", f"{RUN}/steps", VIEW, id="listRunSteps", tag=TAG, summary="List a run's steps")
async def list_run_steps(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> AutomationRunStepListResponse:
    """What each was given and gave. In a sandbox also what it would have sent."""
    traces = await hub.flow.runs.steps(visit.project.id, id)
    return AutomationRunStepListResponse(items=[AutomationRunStep.of(each) for each in traces])


@route("GET", f"{RUN}/events", VIEW, id="listRunEvents", tag=TAG, summary="List a run's log")
async def list_run_events(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], since_sequence: Since = 0, limit: Limit = 50
) -> AutomationRunEventListResponse:
    """Oldest first."""
    rows = await hub.flow.runs.events(visit.project.id, id, since_sequence, limit + 1)
    items = [AutomationRunEvent.of(row) for row in rows[:limit]]
    last = items[-1].sequence if items else None
    return AutomationRunEventListResponse(items=items, next_sequence=last, has_more=len(rows) > limit)


@route("GET", f"{RUN}/events.stream", VIEW, id="streamRunEvents", tag=TAG, summary="Follow a run's log", gives=EVENT_STREAM)
async def stream_run_events(visit: GivenVisit, hub: GivenHub, id: FromPath[str], since_sequence: Since = 0) -> Response[Any]:
    """Server-sent events to the run's end. `Last-Event-ID` (a sequence) goes on after an entry."""
    await hub.flow.runs.get(visit.project.id, id)
    last = visit.head.fields.get(b"last-event-id", b"").decode("latin-1")
    if last and not (last.isascii() and last.isdigit() and len(last) <= 16):
        raise BadInput("Last-Event-ID is the sequence of an entry: a number")
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    pieces = _pieces(visit, hub, id, max(since_sequence, int(last or 0)))
    return Stream(pieces, media_type=EVENT_STREAM, headers=headers)  # pyright: ignore[reportReturnType]


async def _pieces(visit: GivenVisit, hub: GivenHub, run_id: str, since: int) -> AsyncIterator[str]:
    yield ": the log of this run\n\n"
    checked = told = monotonic()
    async for row in hub.flow.runs.follow(visit.project.id, run_id, since):
        now = monotonic()
        if now - checked >= CHECK:
            if not await still_may(visit, hub, VIEW):
                return
            checked = now
        if row is not None:
            data = AutomationRunEvent.of(row).model_dump_json(exclude_none=True)
            yield f"id: {row.sequence}\nevent: {row.event_type}\ndata: {data}\n\n"
        elif now - told < BREATH:
            continue
        else:
            yield ": still here\n\n"
        told = now


@route("POST", f"{RUN}/cancellations", RUNNING, id="cancelRun", tag=TAG, summary="Cancel a run", bodiless=True)
async def cancel_run(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[CancelAutomationRunRequest]
) -> AutomationRun:
    """Nothing new begins but its cleanup. One that has ended stays as it is."""
    return AutomationRun.of(await hub.flow.runs.cancel(visit.project, visit.actor, id, data.reason), full=visit.head.full)


@route("POST", f"{RUN}/signals", RUNNING, id="signalRun", tag=TAG, summary="Resume a step that waits")
async def signal_run(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[SignalAutomationRunRequest]
) -> AutomationRun:
    """The result becomes the step's output."""
    return AutomationRun.of(
        await hub.flow.runs.signal(visit.project, visit.actor, id, data.step_key, data.result), full=visit.head.full
    )


@route("POST", f"{RUN}/resume", RUNNING, id="resumeRun", tag=TAG, summary="Go on with a failed run", bodiless=True)
async def resume_run(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[ResumeAutomationRunRequest]
) -> AutomationRun:
    """At the step where it failed. Where its outcome is unknown, look at the provider first."""
    return AutomationRun.of(
        await hub.flow.runs.resume(visit.project, visit.actor, id, Choice(data.way, data.output)), full=visit.head.full
    )


@route("POST", f"{RUN}/retry", RUNNING, id="retryRun", tag=TAG, summary="Run again from a step", status=202, bodiless=True)
async def retry_run(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[RetryAutomationRunRequest]
) -> AutomationRun:
    """A new run of the same version and inputs; what the other did before that step counts as done."""
    fresh = await hub.flow.again.retry(visit.project, visit.actor, id, data.from_step)
    return AutomationRun.of(await hub.flow.runs.get(visit.project.id, fresh), full=visit.head.full)


@route("GET", f"{RUN}/diff", VIEW, id="diffRuns", tag=TAG, summary="Compare two runs")
async def diff_runs(visit: GivenVisit, hub: GivenHub, id: FromPath[str], other: FromQuery[str]) -> RunDiffResponse:
    """What this run and another have differently: inputs, steps, result."""
    found = await hub.flow.again.diff(visit.project.id, id, other)
    return RunDiffResponse(differences=[RunDifference.model_validate(asdict(each)) for each in found])


@route(
    "POST",
    "/v1/triggers/http/{http_handle:str}",
    PUBLIC,
    id="deliverHTTPTrigger",
    tag="automations",
    summary="Deliver to an HTTP trigger",
    status=202,
)
async def deliver_http_trigger(
    visit: GivenVisit,
    hub: GivenHub,
    http_handle: FromPath[str],
    idempotency_key: Filter = None,
    wait: Wait = 0,
) -> HTTPTriggerDeliveryResponse:
    """The address is the permission, and the signature where the trigger has a secret. The JSON object becomes the run's inputs.

    `wait` gives the run as it is after so many seconds at the latest.
    """
    return await deliver(visit, hub, http_handle, idempotency_key, wait)


@route(
    "POST",
    f"{AUTOMATION}/triggers/{{key:str}}/secret",
    MANAGE,
    id="rotateTriggerSecret",
    tag="automations",
    summary="Give an HTTP trigger a new secret",
    status=201,
)
async def rotate_trigger_secret(
    visit: GivenVisit, hub: GivenHub, handle: FromPath[str], key: FromPath[str]
) -> TriggerSecretResponse:
    """Told this once. From then on deliveries without a signature made with it are refused."""
    secret = await hub.flow.intake.set_secret(visit.project, visit.actor, handle, key)
    return TriggerSecretResponse(signing_secret=secret)


HANDLERS = [
    start_run,
    list_runs,
    get_run,
    list_run_steps,
    list_run_events,
    stream_run_events,
    cancel_run,
    signal_run,
    resume_run,
    retry_run,
    diff_runs,
    deliver_http_trigger,
    rotate_trigger_secret,
]
