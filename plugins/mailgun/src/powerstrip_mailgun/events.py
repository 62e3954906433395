"""What became of the mail, mail that came in by a route, and the webhooks that tell.

Sources: documentation.mailgun.com/docs/mailgun/user-manual, "Webhooks", "Events" and "Receive, Forward and Store Messages", and
.../api-reference/send/mailgun/domain-webhooks. The signature is in the body and covers a time and a token; the hub takes a token
again with the same body only.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field

from powerstrip.adapter import Delivery, Http, Incoming, Model, Registration, Rejected, Subscription, Wish, already_gone, variant
from powerstrip.adapter.signatures import mailgun_signature
from powerstrip_mailgun.provider import at, dashed, domain_of, mailgun
from powerstrip_mailgun.sending import Domain


class _Event(Model):
    model_config = ConfigDict(extra="allow", alias_generator=dashed)

    id: str = Field(examples=["CPgfbmQMTCKtHW6uIWtuVe"])
    timestamp: float = Field(examples=[1_790_000_000.25])
    """Seconds since 1970."""
    recipient: str = Field(examples=["ada@example.com"])
    message: dict[str, Any] = Field(
        default_factory=dict[str, Any], examples=[{"headers": {"message-id": "20261123101500.1.0A1B@mg.example.com"}}]
    )
    tags: list[str] | None = None
    user_variables: dict[str, Any] | list[Any] | None = None


EVENTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "email.delivered": ("delivered", "The receiving server took the mail.", {}),
    "email.opened": ("opened", "Somebody opened the mail, or a program loaded its pictures.", {}),
    "email.clicked": ("clicked", "Somebody clicked a link.", {"url": Annotated[str, Field(examples=["https://example.com/"])]}),
    "email.failed": (
        "failed",
        "The mail did not arrive. `severity` says whether Mailgun tries again (`temporary`) or not (`permanent`).",
        {"severity": Literal["permanent", "temporary"]},
    ),
    "email.complained": ("complained", "Somebody called the mail spam.", {}),
    "email.unsubscribed": ("unsubscribed", "Somebody does not want more mail.", {}),
}
"""Event id → Mailgun's word, what it says, and what it has beyond the others."""
HOOKS = {
    "email.delivered": ("delivered",),
    "email.opened": ("opened",),
    "email.clicked": ("clicked",),
    "email.failed": ("permanent_fail", "temporary_fail"),
    "email.complained": ("complained",),
    "email.unsubscribed": ("unsubscribed",),
}
"""Event id → the names of its webhooks."""

for _id, (_word, _words, _more) in EVENTS.items():
    mailgun.event(_id)(variant(_Event, _id, _words, {"event": _word}, _more))


@mailgun.event("email.received")
class Received(Model):
    """A mail came in, and a route forwarded it to the hub's endpoint. Attached files do not come along."""

    model_config = ConfigDict(alias_generator=dashed)

    event: Literal["received"]
    recipient: str = Field(examples=["shop@mg.example.com"])
    sender: str = Field(examples=["ada@example.com"])
    """The address of the envelope."""
    from_header: str = Field("", alias="from", examples=["Ada <ada@example.com>"])
    subject: str = ""
    body_plain: str = ""
    stripped_text: str = ""
    """The text without what it quotes, and without its signature."""
    body_html: str = ""
    message_id: str = Field("", alias="Message-Id")


@mailgun.webhook(verify=mailgun_signature())
def receive(delivery: Delivery) -> Incoming:
    """One event, or a mail that a route forwarded: that comes as a form."""
    if "form" in delivery.headers.get("content-type", "").lower():
        return _forwarded(delivery.form())
    match delivery.json():
        case {"event-data": {"id": str(id), "event": str(), "timestamp": int() | float() as stamp} as event}:
            return Incoming(cast(dict[str, Any], event), _key(id, stamp))
        case _:
            raise Rejected("This is not a delivery of Mailgun")


def _key(id: str, stamp: float) -> str:
    """Mailgun's ids are unique within a day."""
    try:
        return f"{datetime.fromtimestamp(stamp, UTC):%Y%m%d}-{id}"
    except (ValueError, OverflowError, OSError):
        raise Rejected("The event's time is none") from None


def _forwarded(fields: dict[str, str]) -> Incoming:
    """The token is this delivery's own: it is the event's key."""
    if not fields.get("recipient") or not fields.get("token"):
        raise Rejected("This is not a mail that a route of Mailgun forwards")
    names = [field.alias or name for name, field in Received.model_fields.items()]
    data = {name: fields[name] for name in names if name in fields}
    return Incoming(data | {"event": "received", "sender": fields.get("sender", "")}, fields["token"])


Pairs = list[tuple[str, str]]


class Watched(Model):
    """Whose webhooks to keep."""

    domain: Domain | None = None
    """The domain. The integration's when left out."""


class _Urls(Model):
    urls: list[str] = Field(default_factory=list[str])


class _Hooks(Model):
    webhooks: dict[str, _Urls | None] = Field(default_factory=dict[str, _Urls | None])

    def registrations(self) -> list[Registration]:
        """One for each address, which is its id."""
        on = {name: set(found.urls) for name, found in self.webhooks.items() if found}
        every = sorted({url for urls in on.values() for url in urls})
        return [Registration(url, url, tuple(self._heard(on, url))) for url in every]

    @staticmethod
    def _heard(on: dict[str, set[str]], url: str) -> list[str]:
        return [event for event, names in HOOKS.items() if all(url in on.get(name, ()) for name in names)]


@mailgun.subscription
class Hooks(Subscription[Watched]):
    """A domain's webhooks. They are signed with the account's key, which is entered once with the endpoint."""

    watch = Watched

    async def list(self, http: Http, watch: Watched) -> list[Registration]:
        """All of the domain's, by address."""
        path = at(http, f"/v3/domains/{domain_of(http, watch.domain)}/webhooks")
        return (await http.get(path, returns=_Hooks)).registrations()

    async def create(self, http: Http, wish: Wish[Watched]) -> Registration:
        await http.post(self._path(http, wish.watch), form=self._body(wish), returns=_Hooks)
        return Registration(wish.url, wish.url, wish.events)

    async def change(self, http: Http, found: Registration, wish: Wish[Watched]) -> Registration:
        await http.put(self._path(http, wish.watch), form=self._body(wish), returns=_Hooks)
        return Registration(wish.url, wish.url, wish.events)

    async def delete(self, http: Http, found: Registration, watch: Watched) -> None:
        with already_gone():
            await http.delete(self._path(http, watch), params={"url": found.url})

    def _path(self, http: Http, watch: Watched) -> str:
        return at(http, f"/v4/domains/{domain_of(http, watch.domain)}/webhooks")

    def _body(self, wish: Wish[Watched]) -> Pairs:
        names = [name for event in wish.events for name in HOOKS.get(event, ())]
        if not names:
            raise Rejected("Mailgun has no webhook for these events: mail that comes in is forwarded by a route, made in Mailgun")
        return [("url", wish.url), *(("event_types", name) for name in names)]
