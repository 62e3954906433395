"""The ledger of events: lists, one event's way, tests, replays, dead letters, the live tail."""

from typing import Annotated, Any

from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Filter, Limit, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.events import (
    DeadLetter,
    DeadLetterListResponse,
    EventSource,
    EventStage,
    EventTrace,
    IntegrationEventFireRequest,
    IntegrationEventFireResponse,
    IntegrationEventListResponse,
    IntegrationEventReceipt,
    IntegrationEventSample,
    IntegrationEventSamplesResponse,
    Processing,
    Receipt,
    RedriveRequest,
    RedriveResponse,
    ReplayEventsRequest,
    ReplayEventsResponse,
)
from powerstrip.api.tailing import EVENT_STREAM, tail
from powerstrip.api.times import time_parameter
from powerstrip.clock import rfc3339
from powerstrip.inbound import Filter as Wanted
from powerstrip.inbound import Fire
from powerstrip.problems import BadInput
from powerstrip.value import asdict

TAG = "events"
EVENTS = f"{PROJECT}/integrations/events"
Seconds = Annotated[int | None, QueryParameter(ge=0, le=86_400, description="End by itself after so long")]
VIEW, MANAGE = "events.view", "events.manage"


@route("GET", EVENTS, VIEW, id="listIntegrationEvents", tag=TAG, summary="List events that came in")
async def list_integration_events(
    visit: GivenVisit,
    hub: GivenHub,
    provider: Filter = None,
    integration_id: Filter = None,
    event_type: Filter = None,
    source: FromQuery[EventSource | None] = None,
    status: FromQuery[Receipt | None] = None,
    processing: FromQuery[Processing | None] = None,
    endpoint_id: Filter = None,
    since: Filter = None,
    until: Filter = None,
    include_payload: FromQuery[bool] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> IntegrationEventListResponse:
    """Newest first: those that were taken, and deliveries that were refused, with what became of each."""
    wanted = Wanted(
        provider=provider,
        integration_id=integration_id,
        event_type=event_type,
        source=source,
        status=status,
        processing=processing,
        endpoint_id=endpoint_id,
        since=time_parameter("since", since),
        until=time_parameter("until", until),
    )

    async def fetch(after: tuple[str, str] | None, many: int) -> list[Any]:
        return await hub.inbound.history.list(visit.project.id, wanted, after=after, limit=many)

    page = await visit.page(cursor, limit, fetch, lambda entry: (entry.row.received_at, entry.row.id))
    rows = [IntegrationEventReceipt.of(entry, payload=include_payload) for entry in page.rows]
    return IntegrationEventListResponse(**listed(rows, page.next_cursor))


@route("GET", f"{EVENTS}/{{id:str}}", VIEW, id="getIntegrationEvent", tag=TAG, summary="Get an event")
async def get_integration_event(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> IntegrationEventReceipt:
    """With its payload, secrets hidden."""
    return IntegrationEventReceipt.of(await hub.inbound.history.get(visit.project.id, id), payload=True)


@route("GET", f"{EVENTS}/{{id:str}}/trace", VIEW, id="traceIntegrationEvent", tag=TAG, summary="Follow an event's way")
async def trace_integration_event(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> EventTrace:
    """Received, verified, named, matched, processed: where it is, or where it stopped and why."""
    stages = await hub.inbound.history.trace(visit.project.id, id)
    told = [EventStage.model_validate(asdict(stage)) for stage in stages]
    return EventTrace(id=id, stages=told)


@route("GET", f"{EVENTS}/test/samples", VIEW, id="listIntegrationEventTestSamples", tag=TAG, summary="List sample events")
async def list_integration_event_test_samples(
    visit: GivenVisit, hub: GivenHub, provider: Filter = None, event_type: Filter = None
) -> IntegrationEventSamplesResponse:
    """Made up from the schemas of the providers' events."""
    found = hub.inbound.firing.samples(provider, event_type)
    return IntegrationEventSamplesResponse(samples=[IntegrationEventSample.model_validate(asdict(each)) for each in found])


@route("POST", f"{EVENTS}/test/fires", MANAGE, id="createIntegrationEventTestFire", tag=TAG, summary="Set off a test event")
async def create_integration_event_test_fire(
    visit: GivenVisit, hub: GivenHub, data: JSONBody[IntegrationEventFireRequest]
) -> IntegrationEventFireResponse:
    """`preview` tells who would hear of it and keeps nothing; `deliver` hands it on as a synthetic event."""
    fire = Fire(**data.model_dump(exclude={"meta"}))
    return IntegrationEventFireResponse.of(await hub.inbound.firing.fire(visit.project, visit.actor, fire), data.meta)


@route("POST", f"{EVENTS}/replay", MANAGE, id="replayIntegrationEvents", tag=TAG, summary="Replay events")
async def replay_integration_events(
    visit: GivenVisit, hub: GivenHub, data: JSONBody[ReplayEventsRequest]
) -> ReplayEventsResponse:
    """One, several, or all of a time, live or into a sandbox. Each is a new row that names the first."""
    if (data.ids is None) == (data.since is None):
        raise BadInput("Give `ids`, or a time that begins with `since`: one of the two")
    inbound = hub.inbound
    if data.ids is not None:
        entries = [await inbound.history.get(visit.project.id, each) for each in dict.fromkeys(data.ids)]
        done = await inbound.firing.replay(visit.project, visit.actor, entries, sandbox=data.sandbox)
    else:
        wanted = Wanted(
            provider=data.provider,
            integration_id=data.integration_id,
            event_type=data.event_type,
            since=rfc3339(data.since) if data.since else None,
            until=rfc3339(data.until) if data.until else None,
        )
        done = await inbound.firing.replay_range(visit.project, visit.actor, wanted, sandbox=data.sandbox)
    return ReplayEventsResponse(ids=list(done.ids), skipped=done.skipped)


@route("GET", f"{EVENTS}/dead-letters", VIEW, id="listDeadLetters", tag=TAG, summary="List dead events")
async def list_dead_letters(visit: GivenVisit, hub: GivenHub, limit: Limit = 50, cursor: Cursor = None) -> DeadLetterListResponse:
    """Events whose processing failed for good, newest first."""

    async def fetch(after: tuple[str, str] | None, many: int) -> list[Any]:
        return await hub.inbound.history.dead(visit.project.id, after=after, limit=many)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.received_at, row.id))
    rows = [
        DeadLetter(
            id=row.id,
            event_type=row.name,
            source_type=row.source_type,
            provider=row.provider,
            integration_id=row.integration_id,
            integration_event_id=row.provider_event_id,
            status=row.status,
            attempts=row.attempts,
            last_error=row.last_error,
            received_at=row.received_at,
            processed_at=row.processed_at,
        )
        for row in page.rows
    ]
    return DeadLetterListResponse(**listed(rows, page.next_cursor))


@route("POST", f"{EVENTS}/dead-letters/redrive", MANAGE, id="redriveDeadLetters", tag=TAG, summary="Process dead events again")
async def redrive_dead_letters(visit: GivenVisit, hub: GivenHub, data: JSONBody[RedriveRequest]) -> RedriveResponse:
    """Those that are named, or all."""
    return RedriveResponse(redriven=await hub.inbound.history.redrive(visit.project.id, visit.actor, data.ids))


@route("GET", f"{EVENTS}/stream", VIEW, id="streamIntegrationEvents", tag=TAG, summary="Follow events live", gives=EVENT_STREAM)
async def stream_integration_events(visit: GivenVisit, hub: GivenHub, seconds: Seconds = None) -> Response[Any]:
    """Server-sent events, one for each row as it comes. `Last-Event-ID` goes on after a row. It ends with the permission, or
    after `seconds`.
    """
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(await tail(visit, hub, VIEW, seconds), media_type=EVENT_STREAM, headers=headers)  # pyright: ignore[reportReturnType]


HANDLERS = [
    list_integration_events,
    stream_integration_events,
    list_dead_letters,
    redrive_dead_letters,
    list_integration_event_test_samples,
    create_integration_event_test_fire,
    replay_integration_events,
    get_integration_event,
    trace_integration_event,
]
