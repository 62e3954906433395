"""What an API tells the hub: its webhooks, and a list operation that is polled."""

from typing import Annotated, Any, Literal, cast

from pydantic import Field

from powerstrip.adapter import (
    BasicPassword,
    Delivery,
    Hmac,
    Http,
    Incoming,
    Model,
    NoPick,
    Polled,
    Since,
    StandardWebhooks,
    StaticToken,
    Unavailable,
    Unverified,
    Verify,
)
from powerstrip.adapter.auth import Settings
from powerstrip_http.making import at, entries_of
from powerstrip_http.provider import http
from powerstrip_http.wire import text_of

SEEN = 500
"""Ids of entries that a poll's cursor remembers."""


@http.event("received")
class Received(Model):
    """A webhook's delivery, or an entry that a poll found new. `data` is as the API sent it."""

    kind: Literal["delivery", "entry"] = "delivery"
    type: str = Field("", description="What the API calls it, where the settings say where that stands.")
    data: dict[str, Any] = Field(examples=[{"id": "42", "type": "order.created"}])


def scheme(settings: Settings) -> Verify:
    """The webhook scheme that an integration's settings choose. Raises `ValueError` with what to mend."""
    chosen, header = settings.get("webhook_scheme") or "standard_webhooks", str(settings.get("webhook_header") or "").lower()
    match chosen:
        case "hmac":
            if not header:
                raise ValueError("webhook_header: name the header that holds the signature")
            return Hmac(
                header=header,
                prefix=str(settings.get("webhook_prefix") or ""),
                message=str(settings.get("webhook_message") or "{body}"),
                timestamp=str(settings.get("webhook_timestamp_header") or "").lower(),
                encoding=settings.get("webhook_encoding") or "hex",
                digest=settings.get("webhook_digest") or "sha256",
            )
        case "token":
            return StaticToken(header=header or "x-webhook-token", prefix=str(settings.get("webhook_prefix") or ""))
        case "basic":
            return BasicPassword()
        case "none":
            reason = str(settings.get("webhook_reason") or "").strip()
            if not reason:
                raise ValueError("webhook_reason: say why deliveries prove nothing, or choose a scheme")
            return Unverified(reason=reason)
        case _:
            return StandardWebhooks()


@http.webhook(verify=StandardWebhooks(), by=scheme)
def receive(delivery: Delivery) -> Incoming:
    """Any JSON or form is an event. The id of Standard Webhooks tells repeats."""
    kind = delivery.headers.get("content-type", "")
    data: Any = delivery.form() if "x-www-form-urlencoded" in kind else delivery.json()
    given = cast("dict[str, Any]", data) if isinstance(data, dict) else {"value": data}
    name = given.get("type") or given.get("event") or given.get("event_type")
    kept = {"kind": "delivery", "data": given} | ({"type": name} if isinstance(name, str) else {})
    return Incoming(data=kept, key=delivery.headers.get("webhook-id") or None)


class Watched(Model):
    """The list that is looked at."""

    path: str = Field(description="The list's path below the base URL, such as /orders.", examples=["/orders"])
    items: str = Field("", description="Where the list stands in the answer, such as `data`; empty where it is the answer.")
    id: Annotated[str, NoPick("It names a field.")] = Field("id", description="The field that tells entries apart.", min_length=1)
    since_param: str = Field("", description="A query parameter that asks for what is newer, such as `updated_after`.")
    since_field: str = Field(
        "", description="The entry's field whose newest value goes into that parameter, such as `updated_at`."
    )
    cursor_param: str = Field("", description="Or: the query parameter for the next page, such as `cursor`.")
    cursor_field: str = Field("", description="And where the next page's cursor stands in the answer, such as `next_cursor`.")
    query: dict[str, str] = Field(default_factory=dict, description="Further parameters, such as an order or a size.")


class Place(Model):
    """A poll's own cursor: what was seen, how far the list was read, and the newest time."""

    seen: list[str] = Field(default_factory=list[str])
    page: str = ""
    newest: str = ""
    known: bool = False


@http.poll("entries")
async def entries(http: Http, since: Since[Watched]) -> Polled:
    """New entries of a list operation, told by their ids. What is there at the first look is not new."""
    watch = since.watch
    place = Place.model_validate_json(since.cursor) if since.cursor else Place()
    params = {**watch.query}
    if watch.cursor_param and place.page:
        params[watch.cursor_param] = place.page
    if watch.since_param and place.newest:
        params[watch.since_param] = place.newest
    path = watch.path if watch.path.startswith("/") else f"/{watch.path}"
    answer = await http.get(path, params=params)
    found = entries_of(answer, watch.items)
    return _polled(watch, place, answer, found)


def _polled(watch: Watched, place: Place, answer: Any, found: list[dict[str, Any]]) -> Polled:
    ids = [_id(each, watch.id) for each in found]
    seen = set(place.seen)
    fresh = [(own, each) for own, each in zip(ids, found, strict=True) if own not in seen]
    following = at(answer, watch.cursor_field) if watch.cursor_param and watch.cursor_field else None
    times = [text_of(at(each, watch.since_field)) for each in found if watch.since_field and at(each, watch.since_field)]
    newest = max([*times, place.newest], default="")
    after = Place(
        seen=[*place.seen, *[own for own, _ in fresh]][-SEEN:],
        page=text_of(following) if following else place.page,
        newest=newest,
        known=place.known or not following,
    )
    more = bool(following) and text_of(following) != place.page and bool(found)
    events = [Incoming(data={"kind": "entry", "data": each}, key=own) for own, each in fresh] if place.known else []
    return Polled(after.model_dump_json(), events, more)


def _id(entry: dict[str, Any], path: str) -> str:
    value = at(entry, path)
    if value is None or isinstance(value, dict | list):
        raise Unavailable(f"An entry of the list has no {path}: name the field that tells entries apart")
    return text_of(value)
