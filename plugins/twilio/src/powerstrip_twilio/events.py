"""What Twilio tells: texts that come in, and what becomes of messages and calls.

Sources: www.twilio.com/docs/messaging/guides/webhook-request, /docs/usage/webhooks/messaging-webhooks, /docs/voice/twiml and
/docs/usage/webhooks/webhooks-security. Twilio gives deliveries no id of their own: the message's or call's and its state are one.
"""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from powerstrip.adapter import Delivery, Http, Incoming, Model, Registration, Rejected, Subscription, Wish, segment
from powerstrip.adapter.signatures import twilio_signature
from powerstrip_twilio.provider import Wire, account_path, twilio


class _Told(Wire):
    model_config = ConfigDict(extra="allow")

    account_sid: str = Field(examples=["AC" + "0" * 32])
    to: str = Field("", examples=["+15005550006"])
    sender: str = Field("", examples=["+15005550001"])


@twilio.event("sms.received")
class Received(_Told):
    """Somebody sent a text or a WhatsApp message."""

    sms_status: Literal["received"]
    message_sid: str = Field(examples=["SM" + "0" * 32])
    body: str = ""
    num_media: str = "0"


@twilio.event("message.status_changed")
class MessageStatus(_Told):
    """A message of ours went on: sent, delivered, undelivered, failed, read."""

    message_status: str = Field(examples=["delivered"])
    message_sid: str = Field(examples=["SM" + "0" * 32])
    error_code: str | None = None


@twilio.event("call.status_changed")
class CallStatus(_Told):
    """A call began to ring, was answered, or ended; also a call that comes in."""

    call_status: str = Field(examples=["completed"])
    call_sid: str = Field(examples=["CA" + "0" * 32])
    direction: str = ""


@twilio.webhook(verify=twilio_signature())
def receive(delivery: Delivery) -> Incoming:
    """One event a delivery. What cannot change again under the same state is told by sid and state."""
    data: Any = delivery.form() if not delivery.body.lstrip().startswith(b"{") else delivery.json()
    match data:
        case {"AccountSid": str(account), "MessageSid": str(sid), **rest}:
            return Incoming(data, f"{sid}:{rest.get('MessageStatus') or rest.get('SmsStatus', '')}", account)
        case {"AccountSid": str(account), "CallSid": str(sid), **rest}:
            return Incoming(data, f"{sid}:{rest.get('CallStatus', '')}:{rest.get('SequenceNumber', '')}", account)
        case _:
            raise Rejected("This is not a delivery of Twilio")


class Watched(Model):
    """Which number to hear."""

    number_sid: str = Field(pattern=r"^PN[0-9a-f]{32}$", examples=["PN" + "0" * 32], title="Number SID")
    """At console.twilio.com, Phone numbers: the SID of the number whose texts and calls are to be heard."""


class _Number(Model):
    sid: str
    sms_url: str | None = None
    status_callback: str | None = None


@twilio.subscription
class Numbers(Subscription[Watched]):
    """A number's own addresses: texts that come in, and what becomes of its calls."""

    watch = Watched

    async def list(self, http: Http, watch: Watched) -> list[Registration]:
        found = await http.get(self._path(http, watch), returns=_Number)
        return [self._registration(found, found.sms_url)] if found.sms_url else []

    async def create(self, http: Http, wish: Wish[Watched]) -> Registration:
        form = {"SmsUrl": wish.url, "SmsMethod": "POST", "StatusCallback": wish.url, "StatusCallbackMethod": "POST"}
        found = await http.post(self._path(http, wish.watch), form=form, returns=_Number)
        return self._registration(found, wish.url)

    async def change(self, http: Http, found: Registration, wish: Wish[Watched]) -> Registration:
        return await self.create(http, wish)

    async def delete(self, http: Http, found: Registration, watch: Watched) -> None:
        await http.post(self._path(http, watch), form={"SmsUrl": "", "StatusCallback": ""}, returns=_Number)

    def _path(self, http: Http, watch: Watched) -> str:
        return account_path(http, f"/IncomingPhoneNumbers/{segment(watch.number_sid)}.json")

    def _registration(self, found: _Number, url: str) -> Registration:
        return Registration(found.sid, url, ("sms.received", "message.status_changed", "call.status_changed"))
