"""What can be done at Twilio, and the values to choose from.

Sources: www.twilio.com/docs: messaging/api/message-resource, voice/api/call-resource, verify/api and lookup/v2-api.
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from powerstrip.adapter import Choice, Http, Model, Page, Pick, Query, Rejected, segment
from powerstrip.adapter.model import by_wire
from powerstrip_twilio.provider import Phone, Wire, account_path, twilio


def _when(value: object) -> object:
    """Twilio writes dates as emails do (RFC 2822) in its older API."""
    return parsedate_to_datetime(value) if isinstance(value, str) and "," in value else value


When = Annotated[datetime | None, BeforeValidator(_when)]
From = Annotated[Phone, Pick("phone_number")]
ServiceSid = Annotated[str, Pick("messaging_service"), Field(pattern=r"^MG[0-9a-f]{32}$")]
VerifySid = Annotated[str, Pick("verify_service"), Field(pattern=r"^VA[0-9a-f]{32}$", examples=["VA" + "0" * 32])]


class Text(Wire):
    to: Phone = Field(description="Who gets it, in E.164.")
    body: str = Field("", max_length=1600)
    """What it says; may be left out where there is media."""
    media_url: list[str] = Field(default_factory=list, max_length=10, description="Pictures and files, by address.")
    sender: From | None = Field(None, description="Your number; left out, that of the integration.")
    messaging_service_sid: ServiceSid | None = Field(None, description="Let a messaging service choose the number.")
    status_callback: str | None = Field(None, description="Where Twilio tells what becomes of it.")

    @model_validator(mode="after")
    def _says_something(self) -> "Text":
        if not self.body and not self.media_url:
            raise ValueError("give a body or media_url")
        return self

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "+15005550006", "body": "Hello"}]})


class Message(Model):
    sid: str = Field(examples=["SM" + "0" * 32])
    status: str = Field(examples=["queued"])
    to: str = ""
    sender: str | None = Field(None, alias="from")
    body: str | None = None
    direction: str | None = None
    error_code: int | None = None
    error_message: str | None = None
    date_created: When = None
    date_sent: When = None


def _filled(http: Http, text: Text, channel: str = "") -> list[tuple[str, str]]:
    """The form of a message, with the integration's number where it names no sender."""
    wire = by_wire(text)
    media = wire.pop("MediaUrl", [])
    if "From" not in wire and "MessagingServiceSid" not in wire:
        wire["From"] = _default_number(http)
    if channel:
        wire |= {name: f"{channel}:{wire[name]}" for name in ("To", "From") if name in wire}
    return [*((name, str(value)) for name, value in wire.items() if value != ""), *(("MediaUrl", each) for each in media)]


def _default_number(http: Http) -> str:
    if not (number := http.config.get("from_number")):
        raise Rejected("Name a sender or a messaging_service_sid, or set the integration's from_number")
    return number


@twilio.action("sms.send", title="Send a text")
async def send_sms(http: Http, text: Text) -> Message:
    """Send a text, with pictures if wanted."""
    return await http.post(account_path(http, "/Messages.json"), form=_filled(http, text), returns=Message)


@twilio.action("whatsapp.send", title="Send a WhatsApp message")
async def send_whatsapp(http: Http, text: Text) -> Message:
    """Send a WhatsApp message. Outside of 24 hours after a person's last one, only approved templates are delivered."""
    return await http.post(account_path(http, "/Messages.json"), form=_filled(http, text, "whatsapp"), returns=Message)


class NewCall(Wire):
    to: Phone = Field(description="Who is called, in E.164.")
    sender: From | None = Field(None, description="Your number; left out, that of the integration.")
    url: str | None = Field(None, description="Where Twilio asks what to say (TwiML).")
    twiml: str | None = Field(None, max_length=4000, description="What to say, as TwiML.")
    record: bool | None = None
    """Whether Twilio records the call."""

    @model_validator(mode="after")
    def _says_something(self) -> "NewCall":
        if bool(self.url) == bool(self.twiml):
            raise ValueError("give the url or the twiml")
        return self

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"to": "+15005550006", "twiml": "<Response><Say>Hello</Say></Response>"}]}
    )


class Call(Model):
    sid: str = Field(examples=["CA" + "0" * 32])
    status: str = Field(examples=["queued"])
    to: str = ""
    sender: str | None = Field(None, alias="from")


@twilio.action("call.create", title="Call somebody")
async def create_call(http: Http, call: NewCall) -> Call:
    """Call a number and say what the TwiML says."""
    form = {"From": call.sender or _default_number(http)} | by_wire(call)
    return await http.post(account_path(http, "/Calls.json"), form=form, returns=Call)


class MessageRef(Model):
    message_sid: Annotated[str, Pick("message")] = Field(pattern=r"^(SM|MM)[0-9a-f]{32}$", examples=["SM" + "0" * 32])
    """The message's SID."""


@twilio.action("message.get", read_only=True)
async def get_message(http: Http, ref: MessageRef) -> Message:
    """Read a message and what became of it."""
    return await http.get(account_path(http, f"/Messages/{segment(ref.message_sid)}.json"), returns=Message)


class MessageQuery(Model):
    to: Phone | None = None
    """Only those to this number."""
    sender: From | None = None
    """Only those from this number."""
    limit: int = Field(50, ge=1, le=1000)
    """How many at most."""
    cursor: str | None = None
    """`next` of the page before."""


class _Messages(Model):
    messages: list[Message]
    next_page_uri: str | None = None


class Messages(Model):
    messages: list[Message]
    next: str | None = None


@twilio.action("message.list", read_only=True)
async def list_messages(http: Http, query: MessageQuery) -> Messages:
    """List messages, the latest first."""
    params = {"To": query.to, "From": query.sender} | _page_of(query.cursor, query.limit)
    found = await http.get(account_path(http, "/Messages.json"), params=params, returns=_Messages)
    return Messages(messages=found.messages, next=_next(found.next_page_uri))


def _page_of(cursor: str | None, size: int) -> dict[str, Any]:
    """The parameters of a page, from what `_next` said of it."""
    page, _, token = (cursor or "").partition(" ")
    return {"PageSize": size, "Page": page or None, "PageToken": token or None}


def _next(address: str | None) -> str | None:
    """What Twilio's next address says of the page: its number and its token."""
    given = parse_qs(urlsplit(address or "").query)
    return f"{given['Page'][0]} {given.get('PageToken', [''])[0]}".strip() if "Page" in given else None


@twilio.picker("message")
async def messages(http: Http, query: Query) -> Page:
    """Messages of the account, the latest first."""
    found = await list_messages(http, MessageQuery(limit=50, cursor=query.cursor))
    return Page([Choice(each.sid, each.body or each.sid, f"{each.to}: {each.status}") for each in found.messages], found.next)


class Verification(Wire):
    service_sid: VerifySid
    """The Verify service that sends it."""
    to: Phone
    """The number to prove, in E.164."""
    channel: Literal["sms", "call", "whatsapp"] = "sms"
    """How the code is sent."""
    locale: str | None = None
    """The language of the text, such as `de`."""


def _without_service(body: Wire) -> dict[str, str]:
    """The form; the service is in the path."""
    return {name: value for name, value in by_wire(body).items() if name != "ServiceSid"}


class VerificationState(Model):
    sid: str = Field(examples=["VE" + "0" * 32])
    to: str = ""
    status: str = Field(examples=["pending"])
    valid: bool = False


@twilio.action("verify.start", title="Send a verification code")
async def start_verification(http: Http, verification: Verification) -> VerificationState:
    """Send somebody a code to prove that a number is theirs."""
    path = f"verify:/Services/{segment(verification.service_sid)}/Verifications"
    return await http.post(path, form=_without_service(verification), returns=VerificationState)


class CodeCheck(Wire):
    service_sid: VerifySid
    """The Verify service that sent it."""
    to: Phone
    """The number that is proved, in E.164."""
    code: str = Field(pattern=r"^[0-9]{4,10}$", examples=["123456"])
    """What the person entered."""


@twilio.action("verify.check", title="Check a verification code")
async def check_verification(http: Http, check: CodeCheck) -> VerificationState:
    """Tell whether somebody entered the right code: the status is `approved`. A code is good once."""
    path = f"verify:/Services/{segment(check.service_sid)}/VerificationCheck"
    return await http.post(path, form=_without_service(check), returns=VerificationState)


class NumberQuery(Model):
    phone_number: Phone
    """The number, in E.164."""
    line_type: bool = Field(False, description="Also whether it is a mobile number, which Twilio charges for.")


class Number(Model):
    phone_number: str = Field(examples=["+15005550006"])
    national_format: str | None = None
    country_code: str | None = None
    valid: bool = True
    line_type_intelligence: dict[str, str | int | None] | None = None


@twilio.action("number.lookup", title="Look up a number", read_only=True)
async def look_up(http: Http, query: NumberQuery) -> Number:
    """Tell whether a number exists, its country, and of what kind it is."""
    params = {"Fields": "line_type_intelligence" if query.line_type else None}
    return await http.get(f"lookups:/PhoneNumbers/{segment(query.phone_number)}", params=params, returns=Number)


class _Numbers(Model):
    class Row(Model):
        phone_number: str
        friendly_name: str = ""

    incoming_phone_numbers: list[Row]
    next_page_uri: str | None = None


@twilio.picker("phone_number")
async def numbers(http: Http, query: Query) -> Page:
    """The account's own numbers."""
    found = await http.get(account_path(http, "/IncomingPhoneNumbers.json"), params=_page_of(query.cursor, 100), returns=_Numbers)
    choices = [Choice(each.phone_number, each.friendly_name or each.phone_number) for each in found.incoming_phone_numbers]
    return Page(choices, _next(found.next_page_uri))


class _Services(Model):
    class Row(Model):
        sid: str
        friendly_name: str = ""

    class Meta(Model):
        next_page_url: str | None = None

    services: list[Row]
    meta: Meta = Field(default_factory=Meta)


async def _services(http: Http, path: str, query: Query) -> Page:
    found = await http.get(path, params=_page_of(query.cursor, 100), returns=_Services)
    choices = [Choice(each.sid, each.friendly_name or each.sid) for each in found.services]
    return Page(choices, _next(found.meta.next_page_url))


@twilio.picker("messaging_service")
async def messaging_services(http: Http, query: Query) -> Page:
    """Messaging services, which choose a number."""
    return await _services(http, "messaging:/Services", query)


@twilio.picker("verify_service")
async def verify_services(http: Http, query: Query) -> Page:
    """Services that verify numbers."""
    return await _services(http, "verify:/Services", query)
