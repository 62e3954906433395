"""Rest-hook Subscriptions, kept at the FHIR server.

Source: hl7.org/fhir/R4/subscription.html. `reason` says which of our events a subscription is for.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import Field

from powerstrip.adapter import Http, Registration, Rejected, Subscription, Wish, already_gone, segment
from powerstrip_fhir.bundles import Raw, Wire, fetch
from powerstrip_fhir.polls import Watched
from powerstrip_fhir.provider import ACCEPT, JSON, fhir
from powerstrip_fhir.r4 import check_resource

REASON = "Powerstrip: "
MORE_DAYS = 30
"""How far ahead the end of a subscription is put where the server gives it one."""
MAX_PAGES = 20
ADMISSIONS = "Encounter?status=in-progress"


class _Channel(Wire):
    type: str = Field(examples=["rest-hook"])
    endpoint: str | None = None


class _Hook(Wire):
    resource_type: str = Field(examples=["Subscription"])
    id: str
    status: str = Field(examples=["active"])
    reason: str = ""
    criteria: str = ""
    end: datetime | None = None
    channel: _Channel

    def registration(self) -> Registration:
        words = self.reason.removeprefix(REASON).split() if self.reason.startswith(REASON) else ()
        events = tuple(name for name in words if name in fhir.events)
        return Registration(self.id, self.channel.endpoint or "", events, self.status in ("requested", "active"), self.end)


@fhir.subscription
class Hooks(Subscription[Watched]):
    """A server's Subscriptions. The credential must be allowed to write them; the server must send rest-hooks."""

    watch = Watched

    async def list(self, http: Http, watch: Watched) -> list[Registration]:
        hooks: list[Registration] = []
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            bundle, cursor = await fetch(http, "/Subscription", [("type", "rest-hook"), ("_count", 100)], cursor)
            hooks += [_read(raw).registration() for raw in bundle.found("match")]
            if cursor is None:
                break
        return hooks

    async def create(self, http: Http, wish: Wish[Watched]) -> Registration:
        body = _body(wish)
        check_resource(body)
        return _read(await http.post("/Subscription", json=body, headers=_HEADERS, returns=Raw)).registration()

    async def change(self, http: Http, found: Registration, wish: Wish[Watched]) -> Registration:
        """Put it anew: the server checks the channel again, and an end moves on."""
        body = _body(wish) | {"id": found.id}
        if found.expires_at is not None:
            body["end"] = (datetime.now(UTC) + timedelta(days=MORE_DAYS)).isoformat(timespec="seconds")
        check_resource(body)
        return _read(await http.put(_path(found), json=body, headers=_HEADERS, returns=Raw)).registration()

    async def delete(self, http: Http, found: Registration, watch: Watched) -> None:
        with already_gone():
            await http.send("DELETE", _path(found), headers=ACCEPT)


_HEADERS = {**ACCEPT, "Content-Type": JSON, "Prefer": "return=representation"}


def _path(found: Registration) -> str:
    return f"/Subscription/{segment(found.id)}"


def _read(raw: Raw) -> _Hook:
    """A Subscription. Raises `Rejected` where the server gave something else."""
    try:
        return _Hook.model_validate(raw.plain())
    except ValueError:
        raise Rejected("The server's answer is no Subscription of R4") from None


def _body(wish: Wish[Watched]) -> dict[str, Any]:
    channel = {"type": "rest-hook", "endpoint": wish.url, "payload": JSON, "header": [f"Authorization: Bearer {wish.secret}"]}
    reason = REASON + " ".join(wish.events)
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": reason,
        "criteria": _criteria(wish),
        "channel": channel,
    }


def _criteria(wish: Wish[Watched]) -> str:
    """The search that a resource must fit to be told. Admissions alone need no choice."""
    if wish.events == ("patient.admitted",) and not wish.watch.parameters:
        return ADMISSIONS
    pairs = [
        (name, each) for name, value in wish.watch.parameters.items() for each in ([value] if isinstance(value, str) else value)
    ]
    return f"{wish.watch.resource_type}?{urlencode(pairs)}" if pairs else wish.watch.resource_type
