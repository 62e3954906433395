"""Twilio's adapter against a Twilio that remembers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import AuthFailed, Rejected
from powerstrip_twilio import twilio

pytestmark = pytest.mark.part

SID = "AC" + "0" * 32
TOKEN = {"auth_token": "twilio_test_auth_token"}


def further(url: str) -> dict[str, str]:
    return {"verify": f"{url}/verify/v2", "messaging": f"{url}/messaging/v1"}


@pytest.fixture
async def phone(twilio_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    base, apis = f"{twilio_url}/2010-04-01", further(twilio_url)
    async with connected(twilio, base, tmp_path, TOKEN, apis=apis, account_sid=SID) as connection:
        yield connection


async def number(phone: Connected) -> str:
    page = await phone.pick("phone_number")
    assert page.choices, "the emulator has a number of its own"
    return page.choices[0].value


async def test_the_account_is_known(phone: Connected) -> None:
    assert (await phone.account()).id == SID


async def test_a_text_is_sent_and_read_again(phone: Connected) -> None:
    sender = await number(phone)
    sent = await phone.call("sms.send", to="+15005550006", sender=sender, body="Zwölf Boxkämpfer & mehr")
    assert (await phone.call("message.get", message_sid=sent.sid)).body == "Zwölf Boxkämpfer & mehr"
    assert sent.sid in [each.sid for each in (await phone.call("message.list")).messages]


async def test_a_call_is_made(phone: Connected) -> None:
    made = await phone.call(
        "call.create", to="+15005550006", sender=await number(phone), twiml="<Response><Say>Hi</Say></Response>"
    )
    assert made.sid.startswith("CA")


async def test_the_verify_api_is_another_place(phone: Connected) -> None:
    assert await phone.pick("messaging_service")
    services = (await phone.pick("verify_service")).choices
    if services:
        state = await phone.call("verify.start", service_sid=services[0].value, to="+15005550006")
        assert state.status == "pending"


async def test_a_message_that_is_not_there_is_refused(phone: Connected) -> None:
    with pytest.raises(Rejected):
        await phone.call("message.get", message_sid="SM" + "f" * 32)


async def test_a_wrong_token_is_told_from_a_refusal(twilio_url: str, tmp_path: Path) -> None:
    wrong = {"auth_token": "invented-wrong-token"}
    async with connected(twilio, f"{twilio_url}/2010-04-01", tmp_path, wrong, account_sid=SID) as connection:
        with pytest.raises(AuthFailed):
            await connection.account()
