"""What needs attention in a project: gathered from the lists that know, a line for each matter."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from powerstrip.client import Client, HubError
from powerstrip.client.secrets import HubFinding, HubState
from powerstrip.client.shapes import Endpoint, Integration, Poll, Provider, ReceivedEvent
from powerstrip.client.webhooks import Webhook
from powerstrip_tui.widgets.badges import ATTENTION, READINESS, Badge

FRESH = timedelta(days=1)
"""How far back what failed, or was refused, is a matter. What is dead stays one until it is processed again."""
COUNTED = 20
"""What is counted of one kind; beyond that it is "or more"."""
ELSEWHERE = ("exception", "plugin", "sqlite")
"""Findings that are the operator's own choice, told of above, or no matter of today."""
ASKED = 10
"""Endpoints whose registrations are asked for."""


@dataclass(frozen=True)
class Matter:
    """One line: its name, its state, why, and the place where more is seen (`place`, with `of` what of it).

    One that `lasts` ends when the operator changes how the hub is run, and can be put aside until it says something else.
    """

    name: str
    badge: Badge
    why: str
    place: str
    of: str = ""
    lasts: bool = False


def of_integrations(rows: Iterable[Integration]) -> list[Matter]:
    """Those whose credentials are no longer taken."""
    return [
        Matter(
            f"{each['provider']}/{each['name']}",
            READINESS["expired"],
            each.get("status_reason") or "its credentials are no longer taken",
            "integration",
            each["id"],
        )
        for each in rows
        if each["status"] == "expired"
    ]


def of_providers(rows: Iterable[Provider]) -> list[Matter]:
    """Those whose adapter cannot be used."""
    return [
        Matter(each["display_name"], READINESS["unavailable"], _why(each), "provider", each["name"])
        for each in rows
        if each.get("readiness") == "unavailable"
    ]


def _why(provider: Provider) -> str:
    return provider.get("message") or provider.get("readiness_reason") or "its adapter cannot be used"


async def gathered(hub: Client, barred: set[str], now: datetime | None = None) -> list[Matter]:
    """Everything beside integrations and providers, asked for at once.

    What the key may not see is left out, and its name put into `barred`: the hub keeps a row of each refusal, so that it is
    not asked twice. Raises the client's errors where the hub does not answer.
    """
    since = (now or datetime.now(UTC)) - FRESH
    looks = {
        "dead": _dead(hub),
        "refused": _refused(hub, since),
        "runs": _runs(hub, since),
        "jobs": _jobs(hub),
        "endpoints": _endpoints(hub),
        "polls": _polls(hub),
        "webhooks": _webhooks(hub),
        "platform": _platform(hub),
    }
    found = await asyncio.gather(*(_allowed(name, each, barred) for name, each in looks.items() if name not in barred))
    return [matter for each in found for matter in each]


async def _allowed(name: str, look: AsyncIterator[Matter], barred: set[str]) -> list[Matter]:
    found: list[Matter] = []
    try:
        async for each in look:
            found.append(each)
    except HubError as error:
        if error.status not in (403, 404):
            raise
        barred.add(name)
    return found


async def _dead(hub: Client) -> AsyncIterator[Matter]:
    rows = (await hub.events.list(processing="dead").page(limit=COUNTED)).items
    if rows:
        why = f"{_many(rows, 'event')} failed for good, the last: {_event(rows[0])}"
        yield Matter("Events", ATTENTION["dead"], why, *_one(rows, "event", "events", "dead"))


async def _refused(hub: Client, since: datetime) -> AsyncIterator[Matter]:
    """Deliveries that were refused, by the endpoint they came to."""
    stamp = since.isoformat().replace("+00:00", "Z")
    rows = (await hub.events.list(status="refused", since=stamp).page(limit=COUNTED)).items
    by_endpoint: dict[str, list[ReceivedEvent]] = {}
    for row in rows:
        by_endpoint.setdefault(row.get("endpoint_id", ""), []).append(row)
    for mine in by_endpoint.values():
        why = f"{_many(mine, 'delivery', 'deliveries')} refused in the last day: {mine[0].get('reason', '')}"
        yield Matter(f"{mine[0]['provider']} endpoint", ATTENTION["refused"], why, *_one(mine, "event", "events", "refused"))


def _event(row: ReceivedEvent) -> str:
    why = row["source_event"].get("last_error") or row.get("reason", "")
    return f"{row['event_type'] or row['provider']}: {why}" if why else row["event_type"] or row["provider"]


async def _runs(hub: Client, since: datetime) -> AsyncIterator[Matter]:
    found = (await hub.runs.list(status="failed").page(limit=COUNTED)).items
    rows = [row for row in found if _at(row.get("completed_at") or row["created_at"]) >= since]
    if rows:
        why = f"{_many(rows, 'run')} failed in the last day, the last: {rows[0].get('error_message', '')}"
        yield Matter("Runs", ATTENTION["failed"], why, *_one(rows, "run", "runs", "failed"))


async def _jobs(hub: Client) -> AsyncIterator[Matter]:
    rows = (await hub.workers.jobs(status="dead").page(limit=COUNTED)).items
    if rows:
        why = f"{_many(rows, 'job')} that no worker could finish, the last: {rows[0]['action_name']}"
        yield Matter("Workers", ATTENTION["dead"], why, "workers", "dead")


async def _endpoints(hub: Client) -> AsyncIterator[Matter]:
    """Addresses that take nothing yet, and registrations at providers that do not hold."""
    endpoints = await hub.endpoints.list()
    for each in filter(None, map(_endpoint, endpoints)):
        yield each
    with_own = [each for each in endpoints if each["enabled"] and each.get("integration_id")][:ASKED]
    for endpoint, kept in zip(with_own, await asyncio.gather(*(_kept(hub, each["id"]) for each in with_own)), strict=True):
        for why in kept:
            yield Matter(f"{endpoint['provider']} registration", ATTENTION["failed"], why, "endpoints")


async def _polls(hub: Client) -> AsyncIterator[Matter]:
    for each in filter(None, map(_poll, await hub.polls.list())):
        yield each


async def _webhooks(hub: Client) -> AsyncIterator[Matter]:
    for each in filter(None, map(_webhook, (await hub.webhooks.list().page()).items)):
        yield each


async def _kept(hub: Client, endpoint: str) -> list[str]:
    """Why registrations at the provider do not hold."""
    try:
        items = (await hub.subscriptions(endpoint).status())["items"]
    except HubError as error:
        if error.status < 500:  # a provider without registrations, or one that has none of ours
            return []
        raise
    return [each.get("error") or "the provider did not take it" for each in items if each["state"] == "failed"]


def _endpoint(row: Endpoint) -> Matter | None:
    if not row["enabled"] or not (row["waits_for_secret"] or row.get("reason")):
        return None
    why = row.get("reason") or "it waits for the secret that the provider shows"
    return Matter(f"{row['provider']} endpoint", ATTENTION["waits"], why, "endpoints")


def _poll(row: Poll) -> Matter | None:
    why = row.get("stopped") or (row.get("error") if row["failures"] else "")
    if not row["enabled"] or not why:
        return None
    state = ATTENTION["stopped" if row.get("stopped") else "failed"]
    return Matter(f"{row['provider']} poll {row['poll']}", state, why, "endpoints")


def _webhook(row: Webhook) -> Matter | None:
    if not row["enabled"] and row.get("disabled_reason"):
        return Matter(f"Webhook {row['name']}", ATTENTION["stopped"], row.get("disabled_reason", ""), "endpoints")
    if row["enabled"] and row.get("failing_since"):
        why = f"{row['url']} takes nothing since {row.get('failing_since', '')[:16]}"
        return Matter(f"Webhook {row['name']}", ATTENTION["failed"], why, "endpoints")
    return None


async def _platform(hub: Client) -> AsyncIterator[Matter]:
    """What is wrong with the installation, for its operator alone."""
    for each in of_hub(await hub.state()):
        yield each
    for each in of_findings((await hub.findings())["findings"]):
        yield each


def of_hub(state: HubState) -> list[Matter]:
    """Adapters that cannot be used. Exceptions are the operator's own choice, and stand on the hub's screen."""
    return [
        Matter(each["distribution"], READINESS["unavailable"], each["reason"], "hub", each["name"])
        for each in state["unusable"]
        if not each["blocked"]
    ]


def of_findings(found: Iterable[HubFinding]) -> list[Matter]:
    """What is not sound: the master key, folder, disk, database or engine. The rest stands on the hub's screen."""
    return [
        Matter(each["check"].capitalize(), ATTENTION[each["state"]], each["message"], "hub", lasts=each["state"] == "warning")
        for each in found
        if each["state"] != "ok" and each["check"] not in ELSEWHERE
    ]


def _many(rows: list[Any], one: str, several: str = "") -> str:
    several = several or f"{one}s"
    return f"1 {one}" if len(rows) == 1 else f"{len(rows)}{' or more' if len(rows) >= COUNTED else ''} {several}"


def _one(rows: list[Any], one: str, several: str, of: str) -> tuple[str, str]:
    """The thing itself where it is the only one, else the list of them."""
    return (one, str(rows[0]["id"])) if len(rows) == 1 else (several, of)


def _at(stamp: str) -> datetime:
    at = datetime.fromisoformat(stamp)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
