"""What Stripe tells, and the webhook endpoints through which it does.

Sources: docs.stripe.com/api/events, docs.stripe.com/webhooks and docs.stripe.com/api/webhook_endpoints.
"""

from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from powerstrip.adapter import (
    Delivery,
    Http,
    Incoming,
    Model,
    Registration,
    Rejected,
    Subscription,
    Wish,
    already_gone,
    segment,
    variant,
)
from powerstrip.adapter.signatures import stripe_signature
from powerstrip_stripe.provider import pairs, stripe


class Subject(Model):
    """The object that the event is about, as Stripe has it after the event, and what it was before where it changed."""

    object: dict[str, Any] = Field(examples=[{"id": "cus_sample", "object": "customer"}])
    previous_attributes: dict[str, Any] | None = None


class _Event(Model):
    id: str = Field(examples=["evt_sample"])
    created: datetime
    livemode: bool = False
    account: str | None = None
    """The connected account, where the event is one of a platform's."""
    data: Subject


TYPES = {
    "checkout.session.completed": "A buyer finished a payment page.",
    "payment_intent.succeeded": "A payment went through.",
    "payment_intent.payment_failed": "A payment failed; `last_payment_error` of the object says why.",
    "invoice.paid": "An invoice was paid.",
    "invoice.payment_failed": "An invoice could not be collected.",
    "customer.created": "A customer was made.",
    "customer.subscription.created": "A subscription began.",
    "customer.subscription.updated": "A subscription changed: renewed, paused, given another plan.",
    "customer.subscription.deleted": "A subscription ended.",
    "charge.refunded": "A charge was given back, all of it or a part.",
}
"""The events of the catalogue, which all have one form."""


for _kind, _words in TYPES.items():
    stripe.event(_kind)(variant(_Event, _kind, _words, {"type": _kind}))


@stripe.webhook(verify=stripe_signature())
def receive(delivery: Delivery) -> Incoming:
    """One event a delivery. Its id dedupes; a platform's events name the connected account."""
    match delivery.json():
        case {"object": "event", "id": str(key), "type": str(), "data": {"object": {}}} as event:
            account = event.get("account")
            return Incoming(data=event, key=key, account=account if isinstance(account, str) else None)
        case _:
            raise Rejected("This is not an event of Stripe")


class _Endpoint(Model):
    id: str
    url: str
    enabled_events: list[str]
    status: str = "enabled"

    def registration(self) -> Registration:
        events = tuple(TYPES) if "*" in self.enabled_events else tuple(self.enabled_events)
        return Registration(self.id, self.url, events, active=self.status == "enabled")


class _Endpoints(Model):
    data: list[_Endpoint]
    has_more: bool = False


class _Change(Model):
    enabled_events: list[str]
    disabled: bool | None = None
    url: str | None = None


@stripe.subscription
class Endpoints(Subscription[Model]):
    """Stripe's webhook endpoints. Stripe makes the signing secret and tells it once, in the answer that creates one."""

    secret_at: ClassVar[str] = "secret"  # noqa: S105 - where it stands

    async def list(self, http: Http, watch: Model) -> list[Registration]:
        """At most 16 by Stripe's own limit: one page holds them."""
        found = await http.get("/v1/webhook_endpoints", params={"limit": 100}, returns=_Endpoints)
        return [each.registration() for each in found.data]

    async def create(self, http: Http, wish: Wish[Model]) -> Registration:
        change = _Change(enabled_events=list(wish.events), url=wish.url)
        return (await http.post("/v1/webhook_endpoints", form=pairs(change), returns=_Endpoint)).registration()

    async def change(self, http: Http, found: Registration, wish: Wish[Model]) -> Registration:
        change = _Change(enabled_events=list(wish.events), disabled=False)
        path = f"/v1/webhook_endpoints/{segment(found.id)}"
        return (await http.post(path, form=pairs(change), returns=_Endpoint)).registration()

    async def delete(self, http: Http, found: Registration, watch: Model) -> None:
        with already_gone():
            await http.delete(f"/v1/webhook_endpoints/{segment(found.id)}")
