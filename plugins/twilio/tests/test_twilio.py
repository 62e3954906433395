from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Delivery, Query, Registration, Rejected, Response, Wish
from powerstrip.adapter.testing import check, provider
from powerstrip_twilio import twilio
from powerstrip_twilio.actions import (
    CodeCheck,
    MessageQuery,
    MessageRef,
    NewCall,
    NumberQuery,
    Text,
    Verification,
    check_verification,
    create_call,
    get_message,
    list_messages,
    look_up,
    messages,
    messaging_services,
    numbers,
    send_sms,
    send_whatsapp,
    start_verification,
    verify_services,
)
from powerstrip_twilio.events import Watched, receive

test_contract = check(twilio)

SID = "AC" + "0" * 32
CONFIG = {"account_sid": SID, "from_number": "+15005550001"}
MESSAGE = {"sid": "SM" + "1" * 32, "status": "queued", "to": "+15005550006", "from": "+15005550001", "body": "Hi"}
MESSAGES = f"POST /Accounts/{SID}/Messages.json"


def form(http: Any, number: int = 0) -> list[tuple[str, str]]:
    return parse_qsl(http.sent[number].body.decode())


async def test_a_text_comes_from_the_integrations_number() -> None:
    http = provider(twilio, {MESSAGES: MESSAGE | {"date_created": "Sun, 22 Nov 2026 10:00:00 +0000"}}, CONFIG)
    sent = await send_sms(http, Text(to="+15005550006", body="Hi", media_url=["https://a.example/1", "https://a.example/2"]))
    assert (sent.sender, sent.model_dump(mode="json")["date_created"]) == ("+15005550001", "2026-11-22T10:00:00Z")
    assert form(http) == [
        ("To", "+15005550006"),
        ("Body", "Hi"),
        ("From", "+15005550001"),
        ("MediaUrl", "https://a.example/1"),
        ("MediaUrl", "https://a.example/2"),
    ]


async def test_a_text_without_any_sender_is_not_sent() -> None:
    http = provider(twilio, {}, {"account_sid": SID})
    with pytest.raises(Rejected, match="from_number"):
        await send_sms(http, Text(to="+15005550006", body="Hi"))
    assert http.sent == []


async def test_whatsapp_marks_both_numbers() -> None:
    http = provider(twilio, {MESSAGES: MESSAGE}, CONFIG)
    await send_whatsapp(http, Text(to="+15005550006", body="Hi"))
    assert {("To", "whatsapp:+15005550006"), ("From", "whatsapp:+15005550001")} <= set(form(http))


@pytest.mark.parametrize(
    "input", [{"to": "+15005550006"}, {"to": "15005550006", "body": "Hi"}, {"to": "+1500 5550006", "body": "x"}]
)
def test_a_text_says_something_to_a_number(input: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Text.model_validate(input)


async def test_a_call_says_one_thing() -> None:
    http = provider(twilio, {f"POST /Accounts/{SID}/Calls.json": {"sid": "CA1", "status": "queued"}}, CONFIG)
    await create_call(http, NewCall(to="+15005550006", twiml="<Response/>"))
    assert ("From", "+15005550001") in form(http)
    with pytest.raises(ValidationError):
        NewCall(to="+15005550006")


async def test_lists_page_by_number_and_token() -> None:
    following = f"/2010-04-01/Accounts/{SID}/Messages.json?PageSize=2&Page=1&PageToken=PASM1"
    http = provider(twilio, {f"GET /Accounts/{SID}/Messages.json": {"messages": [MESSAGE], "next_page_uri": following}}, CONFIG)
    page = await list_messages(http, MessageQuery(limit=2))
    assert page.next == "1 PASM1"
    await list_messages(http, MessageQuery(limit=2, cursor=page.next))
    assert {("Page", "1"), ("PageToken", "PASM1")} <= set(http.sent[1].params)


async def test_a_code_is_checked_at_the_verify_api() -> None:
    service = "VA" + "2" * 32
    state = {"sid": "VE1", "status": "approved", "valid": True}
    http = provider(twilio, {f"POST verify:/Services/{service}/VerificationCheck": state}, CONFIG)
    assert (await check_verification(http, CodeCheck(service_sid=service, to="+15005550006", code="123456"))).valid
    assert form(http) == [("To", "+15005550006"), ("Code", "123456")]


async def test_a_number_is_looked_up() -> None:
    http = provider(twilio, {"GET lookups:/PhoneNumbers/%2B15005550006": {"phone_number": "+15005550006", "valid": True}}, CONFIG)
    assert (await look_up(http, NumberQuery(phone_number="+15005550006"))).valid


async def test_services_are_chosen_by_name() -> None:
    rows = {"services": [{"sid": "MG1", "friendly_name": "Shop"}], "meta": {"next_page_url": None}}
    page = await messaging_services(provider(twilio, {"GET messaging:/Services": rows}, CONFIG), Query())
    assert (page.choices[0].value, page.choices[0].label, page.next) == ("MG1", "Shop", None)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(401, 20003, AuthFailed), (403, 20003, AuthFailed), (403, 21408, Rejected), (400, 21211, Rejected)],
)
async def test_twilios_no_in_its_own_words(status: int, code: int, kind: type[Exception]) -> None:
    http = provider(twilio, {MESSAGES: (status, {"code": code, "message": "Not so.", "status": status})}, CONFIG)
    with pytest.raises(kind, match=f"{code}: Not so"):
        await send_sms(http, Text(to="+15005550006", body="Hi"))


@pytest.mark.parametrize(
    ("body", "name", "key"),
    [
        (f"AccountSid={SID}&MessageSid=SM1&SmsStatus=received&Body=Hi&From=%2B1500&To=%2B1600", "sms.received", "SM1:received"),
        (
            f"AccountSid={SID}&MessageSid=SM1&MessageStatus=delivered&SmsStatus=delivered",
            "message.status_changed",
            "SM1:delivered",
        ),
        (f"AccountSid={SID}&CallSid=CA1&CallStatus=completed&SequenceNumber=3", "call.status_changed", "CA1:completed:3"),
    ],
)
def test_deliveries_are_told_apart(body: str, name: str, key: str) -> None:
    incoming = receive(Delivery(body.encode()))
    assert (twilio.name_event(incoming.data), incoming.key, incoming.account) == (name, key, SID)


@pytest.mark.parametrize("body", [b"", b"a=b", b"{}", b"{"])
def test_what_is_no_delivery_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(body))


async def test_a_numbers_addresses_are_set_and_cleared() -> None:
    sid, url = "PN" + "3" * 32, "https://hub.example.com/v1/hooks/ep_1"
    path = f"/Accounts/{SID}/IncomingPhoneNumbers/{sid}.json"
    http = provider(twilio, {f"GET {path}": {"sid": sid, "sms_url": url}, f"POST {path}": {"sid": sid, "sms_url": url}}, CONFIG)
    numbers, watch = twilio.subscribes, Watched(number_sid=sid)
    assert numbers is not None
    (found,) = await numbers.list(http, watch)
    assert (found.id, found.url) == (sid, url)
    made = await numbers.create(http, Wish(url, ("sms.received",), watch))
    assert isinstance(made, Registration)
    assert ("SmsUrl", url) in form(http, 1)
    await numbers.delete(http, found, watch)
    assert http.sent[2].body == b"SmsUrl=&StatusCallback="


def test_an_answer_that_is_no_json_is_told_by_its_status() -> None:
    assert twilio.check is not None
    assert twilio.check(Response(502, {}, b"<html>")) is None


async def test_messages_are_picked_by_their_text() -> None:
    listed = {"messages": [MESSAGE], "next_page_uri": f"/2010-04-01/Accounts/{SID}/Messages.json?Page=1&PageToken=PA1"}
    http = provider(twilio, {MESSAGES.replace("POST", "GET"): listed}, CONFIG)
    page = await messages(http, Query(cursor="3 PA0"))
    assert [(each.value, each.label) for each in page.choices] == [(MESSAGE["sid"], "Hi")]
    assert page.next == "1 PA1"
    assert {("Page", "3"), ("PageToken", "PA0")} <= set(http.sent[0].params)


async def test_a_message_is_read_by_its_sid() -> None:
    http = provider(twilio, {f"GET /Accounts/{SID}/Messages/{MESSAGE['sid']}.json": MESSAGE | {"status": "delivered"}}, CONFIG)
    assert (await get_message(http, MessageRef(message_sid=MESSAGE["sid"]))).status == "delivered"


async def test_a_code_is_sent_by_the_service_that_is_named() -> None:
    service = "VA" + "2" * 32
    http = provider(
        twilio, {f"POST verify:/Services/{service}/Verifications": (201, {"sid": "VE1", "status": "pending"})}, CONFIG
    )
    state = await start_verification(http, Verification(service_sid=service, to="+15005550006", channel="call", locale="de"))
    assert (state.status, state.valid) == ("pending", False)
    assert form(http) == [("To", "+15005550006"), ("Channel", "call"), ("Locale", "de")]


async def test_numbers_and_verify_services_are_offered() -> None:
    owned = {"incoming_phone_numbers": [{"phone_number": "+15005550001", "friendly_name": "Shop"}]}
    owned["next_page_uri"] = f"/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers.json?Page=1&PageToken=PT1"
    http = provider(twilio, {f"GET /Accounts/{SID}/IncomingPhoneNumbers.json": owned}, CONFIG)
    page = await numbers(http, Query())
    assert (page.choices[0].value, page.choices[0].label, page.next) == ("+15005550001", "Shop", "1 PT1")
    rows = {"services": [{"sid": "VA1", "friendly_name": "Login"}], "meta": {"next_page_url": None}}
    page = await verify_services(provider(twilio, {"GET verify:/Services": rows}, CONFIG), Query())
    assert (page.choices[0].value, page.choices[0].label, page.next) == ("VA1", "Login", None)
