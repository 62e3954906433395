"""What HubSpot tells. Source: developers.hubspot.com/docs/api/webhooks.

One app has one address for all the accounts that installed it, and sends batches of up to a hundred events; each names its
account, by portal id. An event says which record changed and how, and does not bring the record.
"""

from typing import Any, cast

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from powerstrip.adapter import Delivery, Incoming, Model, Rejected, variant
from powerstrip.adapter.signatures import hubspot_signature
from powerstrip_hubspot.provider import hubspot

KINDS = {"0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket"}
"""HubSpot's numbers of the kinds, which the newer `object.…` events name."""
WORDS = {"created": "creation", "updated": "propertyChange", "deleted": "deletion"}
ABOUT = {
    "created": "Somebody, or something, created a {kind}.",
    "updated": "A property of a {kind} changed: `property_name` and `property_value` tell which, and to what.",
    "deleted": "A {kind} was deleted.",
}
IDENTITY = ("appId", "portalId", "subscriptionId", "eventId", "objectId", "occurredAt")
"""What tells one event from another: HubSpot does not promise that event ids alone do."""
REPEATS = frozenset(("attemptNumber",))
"""What differs between an event and its repeat."""


class _Event(Model):
    model_config = ConfigDict(alias_generator=to_camel)

    portal_id: int = Field(examples=[62515])
    """The HubSpot account."""
    object_id: int = Field(examples=[123])
    """The record."""
    occurred_at: int = Field(examples=[1_700_000_000_000])
    """When it happened, in milliseconds since 1970."""
    event_id: int = 0
    change_source: str = Field("", examples=["CRM_UI"])
    """What changed it: CRM_UI, API, IMPORT and others."""
    source_id: str | None = None
    """Who or what changed it, where HubSpot says so."""


class _Changed(_Event):
    property_name: str = Field(examples=["lifecyclestage"])
    property_value: str | None = Field(None, examples=["customer"])


TYPES = {f"{kind}.{change}": f"{kind}.{word}" for kind in KINDS.values() for change, word in WORDS.items()}
"""Event id → HubSpot's subscription type."""

for _id, _type in TYPES.items():
    _kind, _change = _id.split(".")
    _base = _Changed if _change == "updated" else _Event
    _model = variant(_base, _id, ABOUT[_change].format(kind=_kind), {"subscription_type": _type})
    hubspot.event(_id, entity=_kind, key="object_id", change="deleted" if _change == "deleted" else "upserted")(_model)


@hubspot.webhook(verify=hubspot_signature())
def receive(delivery: Delivery) -> list[Incoming]:
    """The events of one batch, each for the account that it names."""
    match delivery.json():
        case [*rows] if rows:
            return [_incoming(each) for each in rows]
        case _:
            raise Rejected("This is not a delivery of HubSpot")


def _incoming(row: Any) -> Incoming:
    match row:
        case {"subscriptionType": str(kind), "portalId": int(portal)} if not isinstance(portal, bool):
            given = cast(dict[str, Any], row)
            data = {name: value for name, value in given.items() if name not in REPEATS}
            data["subscriptionType"] = _usual(kind, str(given.get("objectTypeId")))
            return Incoming(data, ":".join(str(given.get(name, "")) for name in IDENTITY), str(portal))
        case _:
            raise Rejected("The delivery holds what is no event of HubSpot")


def _usual(kind: str, number: str) -> str:
    """`object.creation` of contacts as `contact.creation`; any other type as it is."""
    family, _, word = kind.partition(".")
    return f"{KINDS[number]}.{word}" if family == "object" and number in KINDS else kind
