"""One talk with a provider: what registrations there are, how they differ from what is wanted, and what mends it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from powerstrip.adapter import Content, Http, Registration, Request, Response, Subscription, Wish
from powerstrip.clock import now, rfc3339
from powerstrip.connect import one_line
from powerstrip.value import Value, field


class Desired(Value):
    """What is wanted, and what the hub knows already.

    `address` tells our registrations from others, whatever their host. `told` is the registration as the provider gave it last;
    `same` says that it was told this very wish. `alone`: no other subscription uses the address.
    """

    wish: Wish[Any]
    address: str
    told: dict[str, Any] = field(default_factory=dict[str, Any])
    same: bool = False
    renew: bool = False
    anew: bool = False
    """The provider tells its secret only when a registration is made, and we have none: make another one."""
    alone: bool = True


class Mended(Value):
    """What was done, in words of the audit log, what the provider has now, and how it differed from what it was told."""

    did: tuple[str, ...]
    registration: Registration | None
    drift: str | None = None
    secret_told: bool = False
    """The wish's secret went out in a body."""


async def mend(http: Http, kind: Subscription[Any], desired: Desired, *, dry: bool = False) -> Mended:
    """Make the provider's side as it is wanted; with `dry`, only look. Raises the adapter's errors."""
    told: list[bool] = []
    http = replace(http, sender=_listening(http, desired.wish.secret, told))
    kept, others = _ours(await _listed(http, kind, desired), desired)
    drift = _drift(kept, desired.told)
    did = [] if (step := _step(kept, desired, drift)) is None else [step]
    did += ["deleted a double"] * len(others)
    if dry:
        return Mended(tuple(did), kept, drift)
    for other in others:
        await kind.delete(http, other, desired.wish.watch)
    return Mended(tuple(did), await _act(http, kind, desired, kept, step), drift, bool(told))


async def _act(
    http: Http, kind: Subscription[Any], desired: Desired, kept: Registration | None, step: str | None
) -> Registration | None:
    if step is None:
        return kept
    if kept is not None and step == "changed":
        return await kind.change(http, kept, desired.wish)
    if kept is not None:
        await kind.delete(http, kept, desired.wish.watch)
    return await kind.create(http, desired.wish)


async def remove(http: Http, kind: Subscription[Any], desired: Desired) -> Mended:
    """Delete what is ours at the provider."""
    kept, others = _ours(await _listed(http, kind, desired), desired)
    doomed = [*([kept] if kept else []), *others]
    for each in doomed:
        await kind.delete(http, each, desired.wish.watch)
    return Mended(("deleted",) * len(doomed), None)


def facts_of(registration: Registration) -> dict[str, Any]:
    """A registration as it is kept."""
    ends = registration.expires_at
    return {
        "id": one_line(str(registration.id))[:200],
        "url": one_line(registration.url),
        "events": sorted(str(each) for each in registration.events),
        "active": bool(registration.active),
        "expires_at": _time(ends) if ends else None,
    }


def _time(at: datetime) -> str:
    return rfc3339(at if at.tzinfo else at.replace(tzinfo=UTC))


async def _listed(http: Http, kind: Subscription[Any], desired: Desired) -> list[Registration]:
    """What the provider has; where it cannot say, what it told when the registration was made, unless that has ended."""
    if kind.lists:
        return await kind.list(http, desired.wish.watch)
    told = desired.told
    if not told:
        return []
    ends = datetime.fromisoformat(told["expires_at"]) if told.get("expires_at") else None
    known = Registration(told["id"], told["url"], tuple(told["events"]), told["active"], ends)
    return [] if ends is not None and ends <= now() else [known]


def _ours(listed: list[Registration], desired: Desired) -> tuple[Registration | None, list[Registration]]:
    """Our registration, and doubles of it. Where another subscription uses the address too, only the one that we know."""
    mine = [each for each in listed if _at(each.url, desired.address)]
    known = next((each for each in mine if str(each.id) == desired.told.get("id")), None)
    if not desired.alone:
        return known, []
    kept = known or (mine[0] if mine else None)
    return kept, [each for each in mine if each is not kept]


def _at(url: str, address: str) -> bool:
    """Whether a URL is the endpoint's, on whatever host, with a secret in it or not."""
    return url.partition("?")[0].partition("#")[0].rstrip("/").endswith(address)


def _drift(kept: Registration | None, told: dict[str, Any]) -> str | None:
    """How the provider's side differs from what it said last; None where nothing is known or nothing differs."""
    if not told:
        return None
    if kept is None:
        return "The registration was gone"
    found = facts_of(kept)
    words = {"url": "sent elsewhere", "events": "told other events", "active": "was switched off"}
    differing = [words[name] for name in words if found[name] != told.get(name)]
    return f"The registration {' and '.join(differing)}" if differing else None


def _step(kept: Registration | None, desired: Desired, drift: str | None) -> str | None:
    if kept is None:
        return "created"
    if desired.anew:
        return "created anew"
    return None if desired.same and drift is None and not desired.renew else "changed"


def _listening(http: Http, secret: str, told: list[bool]) -> Any:
    """The same way out, noting where a request carries the secret's placeholder."""

    async def send(request: Request) -> Response:
        carries = bool(secret) and not isinstance(request.body, Content) and secret.encode() in request.body
        answer = await http.sender(request)
        if carries:
            told.append(True)
        return answer

    return send
