"""An app's webhook: one address, and what is told there. Source: developers.hubspot.com/docs/api/webhooks, "Webhook settings".

HubSpot takes no token of an account for this, but the developer key; deliveries then come from every account that has the app.
"""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from powerstrip.adapter import Http, Model, Pick, Registration, Rejected, Subscription, Wish, already_gone, segment
from powerstrip_hubspot.events import TYPES
from powerstrip_hubspot.provider import Wire, hubspot

CHANGES = {
    "contact": ["email", "firstname", "lastname", "phone", "lifecyclestage", "hubspot_owner_id"],
    "company": ["name", "domain", "hubspot_owner_id"],
    "deal": ["dealname", "amount", "dealstage", "pipeline", "closedate", "hubspot_owner_id"],
    "ticket": ["subject", "hs_pipeline_stage", "hs_ticket_priority", "hubspot_owner_id"],
}
"""Properties whose changes are told unless the admin chose others: HubSpot wants each by name."""
AT_ONCE = 10


class Watched(Model):
    """Which properties `….updated` tells of; the usual ones where none is named."""

    contact: list[Annotated[str, Pick("property")]] = Field(default_factory=lambda: CHANGES["contact"], max_length=100)
    """Properties of contacts."""
    company: list[Annotated[str, Pick("company_property")]] = Field(default_factory=lambda: CHANGES["company"], max_length=100)
    """Properties of companies."""
    deal: list[Annotated[str, Pick("deal_property")]] = Field(default_factory=lambda: CHANGES["deal"], max_length=100)
    """Properties of deals."""
    ticket: list[Annotated[str, Pick("ticket_property")]] = Field(default_factory=lambda: CHANGES["ticket"], max_length=100)
    """Properties of tickets."""


class _Settings(Wire):
    target_url: str = ""


class _Told(Wire):
    id: str = Field(examples=["12345"])
    event_type: str = Field(examples=["contact.creation"])
    property_name: str | None = None
    active: bool = True

    @property
    def what(self) -> tuple[str, str]:
        """What it tells of: the type, and the property where that is one's change."""
        return self.event_type, self.property_name or ""


class _AllTold(Model):
    results: list[_Told] = Field(default_factory=list[_Told])


@hubspot.subscription
class Webhooks(Subscription[Watched]):
    """The webhook of the app that the setting `app_id` names. An app has one address: another's is never taken over."""

    watch: ClassVar[type[Model]] = Watched
    shared: ClassVar[bool] = True

    async def list(self, http: Http, watch: Watched) -> list[Registration]:
        """One, or none."""
        url = await _target(http)
        return [self._registration(http, url, (await _told(http)).results, watch)] if url else []

    async def create(self, http: Http, wish: Wish[Watched]) -> Registration:
        if (other := await _target(http)) and other != wish.url:
            raise Rejected("The app sends to another address already: change it at HubSpot, or use an app of its own", 409)
        return await self._put(http, wish)

    async def change(self, http: Http, found: Registration, wish: Wish[Watched]) -> Registration:
        return await self._put(http, wish)

    async def delete(self, http: Http, found: Registration, watch: Watched) -> None:
        for each in (await _told(http)).results:
            await _gone(http, f"/subscriptions/{segment(each.id)}")
        await _gone(http, "/settings")

    async def _put(self, http: Http, wish: Wish[Watched]) -> Registration:
        """The address first; then what is missing is made, what sleeps is woken, and what nobody wants is removed."""
        throttling = {"maxConcurrentRequests": AT_ONCE}
        await http.put(_at(http, "/settings"), json={"targetUrl": wish.url, "throttling": throttling}, returns=_Settings)
        there = {each.what: each for each in (await _told(http)).results}
        wanted = _wanted(wish.events, wish.watch)
        for kind, name in wanted:
            if (found := there.get((kind, name))) is None:
                body: dict[str, Any] = {"eventType": kind, "active": True} | ({"propertyName": name} if name else {})
                await http.post(_at(http, "/subscriptions"), json=body, returns=_Told)
            elif not found.active:
                path = _at(http, f"/subscriptions/{segment(found.id)}")
                await http.patch(path, json={"active": True}, returns=_Told)
        for what, each in there.items():
            if what not in wanted and each.event_type in TYPES.values():
                await _gone(http, f"/subscriptions/{segment(each.id)}")
        return self._registration(http, wish.url, (await _told(http)).results, wish.watch)

    def _registration(self, http: Http, url: str, told: "list[_Told]", watch: Watched) -> Registration:
        """What is told of whole: an update counts where all the properties that are watched are told of."""
        active = {each.what for each in told if each.active}
        events = tuple(name for name in TYPES if (parts := _wanted((name,), watch)) and set(parts) <= active)
        return Registration(str(http.config["app_id"]), url, events)


def _at(http: Http, path: str) -> str:
    """Raises `Rejected` where no app is named."""
    if not (app := http.config.get("app_id")):
        raise Rejected("HubSpot keeps webhooks for apps alone: sign in by developer key, and fill in the setting app_id")
    return f"/webhooks/v3/{segment(app)}{path}"


def _wanted(events: tuple[str, ...], watch: Watched) -> "list[tuple[str, str]]":
    """Subscription types with their properties, of these events."""
    wanted: list[tuple[str, str]] = []
    for name in events:
        kind, _, change = name.partition(".")
        names: list[str] = getattr(watch, kind) if change == "updated" else [""]
        wanted += [(TYPES[name], each) for each in dict.fromkeys(names)]
    return wanted


async def _target(http: Http) -> str:
    """The app's address; empty where it has none."""
    try:
        return (await http.get(_at(http, "/settings"), returns=_Settings)).target_url
    except Rejected as error:
        if error.status != 404:
            raise
        return ""


async def _told(http: Http) -> _AllTold:
    return await http.get(_at(http, "/subscriptions"), returns=_AllTold)


async def _gone(http: Http, path: str) -> None:
    """Remove; what is gone already is no error."""
    with already_gone():
        await http.send("DELETE", _at(http, path))
