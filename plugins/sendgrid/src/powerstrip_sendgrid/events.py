"""What became of the mail, and the webhook that tells.

Sources: www.twilio.com/docs/sendgrid/for-developers/tracking-events/event, its security features page, and
/docs/sendgrid/api-reference/webhooks. A delivery holds many events, each with an id of its own.
"""

from typing import Any, ClassVar, cast

from pydantic import ConfigDict, Field

from powerstrip.adapter import Delivery, Http, Incoming, Model, Registration, Rejected, Subscription, Wish, already_gone, variant
from powerstrip.adapter.signatures import sendgrid_signature
from powerstrip_sendgrid.actions import webhook_path
from powerstrip_sendgrid.provider import sendgrid


class _Event(Model):
    model_config = ConfigDict(extra="allow")

    email: str = Field(examples=["ada@example.com"])
    timestamp: int
    sg_event_id: str = ""
    sg_message_id: str = ""


EVENTS = {
    "email.delivered": ("delivered", "delivered", "The receiving server took the mail."),
    "email.opened": ("open", "open", "Somebody opened the mail, or a program loaded its pictures."),
    "email.clicked": ("click", "click", "Somebody clicked a link."),
    "email.bounced": ("bounce", "bounce", "The receiving server refused the mail."),
    "email.dropped": ("dropped", "dropped", "SendGrid did not send the mail; `reason` says why."),
    "email.spam_report": ("spamreport", "spam_report", "Somebody called the mail spam."),
    "email.unsubscribed": ("unsubscribe", "unsubscribe", "Somebody does not want more mail."),
}
"""Event id → SendGrid's word in the event, its word in the settings, and what it says."""

for _id, (_word, _setting, _words) in EVENTS.items():
    sendgrid.event(_id)(variant(_Event, _id, _words, {"event": _word}))


@sendgrid.webhook(verify=sendgrid_signature())
def receive(delivery: Delivery) -> list[Incoming]:
    """Every event of the batch. One without an id is told apart by what it says."""
    match delivery.json():
        case [*rows]:
            return [_event(cast(dict[str, Any], row)) for row in rows if isinstance(row, dict)]
        case _:
            raise Rejected("This is not a delivery of SendGrid")


def _event(row: dict[str, Any]) -> Incoming:
    key = row.get("sg_event_id")
    return Incoming(row, str(key) if key else None)


class _Hook(Model):
    model_config = ConfigDict(extra="allow")

    id: str
    url: str = ""
    enabled: bool = True

    def registration(self) -> Registration:
        on: dict[str, Any] = self.model_extra or {}
        return Registration(self.id, self.url, tuple(name for name, row in EVENTS.items() if on.get(row[1])), self.enabled)


class _Hooks(Model):
    webhooks: list[_Hook]


@sendgrid.subscription
class Hooks(Subscription[Model]):
    """SendGrid's event webhooks. SendGrid makes the key pair; its public half comes in the answer that switches signing on."""

    secret_at: ClassVar[str] = "public_key"  # noqa: S105 - where it stands

    async def list(self, http: Http, watch: Model) -> list[Registration]:
        """All of them: an account has few."""
        found = await http.get(f"{webhook_path(http)}/all", returns=_Hooks)
        return [each.registration() for each in found.webhooks]

    async def create(self, http: Http, wish: Wish[Model]) -> Registration:
        made = await http.post(webhook_path(http), json=self._body(wish), returns=_Hook)
        await http.patch(webhook_path(http, "signed") + "/" + made.id, json={"enabled": True}, returns=Model)
        return made.registration()

    async def change(self, http: Http, found: Registration, wish: Wish[Model]) -> Registration:
        return (await http.patch(webhook_path(http, found.id), json=self._body(wish), returns=_Hook)).registration()

    async def delete(self, http: Http, found: Registration, watch: Model) -> None:
        with already_gone():
            await http.send("DELETE", webhook_path(http, found.id))

    def _body(self, wish: Wish[Model]) -> dict[str, Any]:
        return {"enabled": True, "url": wish.url} | {row[1]: name in wish.events for name, row in EVENTS.items()}
