"""Google's adapter against one Google that remembers mail, events and files, and another with sheets and documents to read."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import RSAKey
from parts.servers import BACKLOT_TOKEN
from parts.through_the_edge import Connected, connected
from pytest_httpserver import HTTPServer
from served import serving
from werkzeug import Request, Response

from powerstrip.adapter import AuthFailed, Content, Rejected, Since
from powerstrip_google import google, mailwatch

pytestmark = pytest.mark.part

ADDRESS = "testuser@gmail.com"


def token(url: str) -> str:
    """An access token of the emulator's person, by a consent."""
    back = "http://127.0.0.1/back"
    with httpx2.Client(base_url=url) as browser:
        asked = {"email": ADDRESS, "redirect_uri": back, "scope": "openid", "state": "s", "client_id": "c"}
        answer = browser.post("/o/oauth2/v2/auth/callback", data=asked)
        code = httpx2.URL(answer.headers["location"]).params["code"]
        given = browser.post("/token", data={"grant_type": "authorization_code", "code": code, "redirect_uri": back})
    return given.json()["access_token"]


@pytest.fixture
async def work(google_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(google, google_url, tmp_path, {"access_token": token(google_url)}) as connection:
        yield connection


@pytest.fixture
async def company(backlot_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    apis = {"sheets": f"{backlot_url}/sheets/v4", "docs": f"{backlot_url}/docs/v1"}
    async with connected(google, backlot_url, tmp_path, {"access_token": BACKLOT_TOKEN}, apis=apis) as connection:
        yield connection


async def test_the_account_is_known(work: Connected) -> None:
    account = await work.account()
    assert (account.name, account.detail) == (ADDRESS, "Test User")
    assert account.id


async def test_an_event_lives(work: Connected) -> None:
    calendar = next(each for each in (await work.pick("calendar")).choices if each.detail == "primary").value
    times: dict[str, Any] = {"start": "2031-12-03T14:00:00+00:00", "end": "2031-12-03T15:00:00+00:00"}
    made = await work.call("event.create", calendar=calendar, title="Zwölf Boxkämpfer", guests=["grace@example.com"], **times)
    assert [each.email for each in made.guests] == ["grace@example.com"]
    listed = await work.call("event.list", calendar=calendar, start="2031-12-03T00:00:00Z", end="2031-12-04T00:00:00Z")
    assert [(each.id, each.title) for each in listed.events] == [(made.id, "Zwölf Boxkämpfer")]
    assert made.id in [each.value for each in (await work.pick("event", "Zwölf", calendar=calendar)).choices]
    await work.call("event.delete", calendar=calendar, event=made.id)
    listed = await work.call("event.list", calendar=calendar, start="2031-12-03T00:00:00Z", end="2031-12-04T00:00:00Z")
    assert listed.events == []


async def test_events_come_page_by_page(work: Connected) -> None:
    for day in range(3):
        times = {"start": f"2032-01-0{day + 1}T10:00:00Z", "end": f"2032-01-0{day + 1}T11:00:00Z"}
        await work.call("event.create", title=f"Day {day}", **times)
    found, cursor = list[str](), None
    while True:
        page = await work.call("event.list", start="2032-01-01T00:00:00Z", limit=2, cursor=cursor)
        found += [each.title for each in page.events]
        if (cursor := page.next) is None:
            break
    assert found == ["Day 0", "Day 1", "Day 2"]


async def test_a_mail_is_sent_answered_found_and_read(work: Connected) -> None:
    file = {"name": "ü.txt", "content": Content("Grüße".encode()), "content_type": "text/plain"}
    sent = await work.call(
        "mail.send", to="Ada <ada@example.com>", subject="Angebot für Ada", text="Hallo\nWelt", attachments=[file]
    )
    mail = await work.call("mail.get", message=sent.id)
    assert (mail.subject, mail.text.split()) == ("Angebot für Ada", ["Hallo", "Welt"])
    (attached,) = mail.attachments
    content = await work.call("mail.get_attachment", message=sent.id, attachment=attached.attachment)
    assert content.content.read().decode() == "Grüße"
    answer = await work.call(
        "mail.send", to="ada@example.com", subject="Re: Angebot für Ada", html="<p>Ja</p>", in_reply_to=sent.id
    )
    assert answer.thread_id == sent.thread_id
    found = await work.call("mail.search", query="subject:Angebot", label="SENT")
    assert {sent.id, answer.id} <= {each.id for each in found.messages}
    assert sent.id in [each.value for each in (await work.pick("message", "Angebot")).choices]
    assert "SENT" in [each.value for each in (await work.pick("label")).choices]


async def test_new_mail_is_told_once(work: Connected) -> None:
    http = work.http("poll", read_only=False)
    before = await http.get("gmail:/users/me/messages", params={"maxResults": 1})
    latest = await http.get(f"gmail:/users/me/messages/{before['messages'][0]['id']}")
    mark = json.dumps({"history": latest["historyId"], "looked": "2026-11-30T10:00:00Z"})
    letter = {"from": "grace@example.com", "to": ADDRESS, "subject": "News", "body_text": "Hi"}
    came = await http.post("gmail:/users/me/messages/import", json=letter | {"labelIds": ["INBOX", "UNREAD"]})
    found = await mailwatch.received(http, Since(mailwatch.Watched(), mark))
    assert [each.key for each in found.events] == [came["id"]]
    assert google.name_event(found.events[0].data) == "mail.received"
    assert found.events[0].data["subject"] == "News"
    assert list((await mailwatch.received(http, Since(mailwatch.Watched(), found.cursor))).events) == []


async def test_files_are_found(work: Connected) -> None:
    await work.http("raw", read_only=False).post(
        "drive:/files", json={"name": "Intake", "mimeType": "application/vnd.google-apps.spreadsheet"}
    )
    found = await work.call("file.search", query="Intake", kind="spreadsheet")
    assert [each.name for each in found.files] == ["Intake"]
    assert [each.label for each in (await work.pick("spreadsheet", "Intake")).choices] == ["Intake"]


async def test_what_is_not_there_is_refused_in_googles_words(work: Connected) -> None:
    with pytest.raises(Rejected, match="Requested entity was not found"):
        await work.call("mail.get", message="nosuchmessage")


def test_a_service_account_signs_in_by_its_key(google_url: str, httpserver: HTTPServer, tmp_path: Path) -> None:
    """Over a served hub: its key proves it to the token server, and the token that comes is taken to Google."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    asked: list[dict[str, Any]] = []

    def exchange(request: Request) -> Response:
        claims = jwt.decode(request.form["assertion"], RSAKey.import_key(key.public_key()), algorithms=["RS256"]).claims
        asked.append(claims)
        return Response(json.dumps({"access_token": token(google_url), "expires_in": 3600}), content_type="application/json")

    httpserver.expect_request("/token", method="POST").respond_with_handler(exchange)
    urls = {"google": google_url, "google.login": httpserver.url_for("").rstrip("/")}
    file = {"type": "service_account", "client_email": "robot@shop.iam.gserviceaccount.com", "private_key": pem}
    with serving(tmp_path / "data", urls) as hub:
        new = {"provider": "google", "auth_kind": "service_account"}
        wrong = hub.ask("POST", "integrations", new | {"name": "wrong", "credentials": {"key": "{}"}})
        assert wrong.status_code == 422
        assert "whole JSON file" in wrong.text
        given = {"key": json.dumps(file), "subject": "ada@shop.example"}
        made = hub.ask("POST", "integrations", new | {"name": "robot", "credentials": given})
        assert made.status_code == 201, made.text
        tried = hub.ask("POST", f"integrations/{made.json()['id']}/test").json()
        assert (tried["ok"], tried["account"]["name"]) == (True, ADDRESS), tried
        assert hub.invoke("google.event.list", {"limit": 1})["status"] == "completed"
        assert pem.splitlines()[3] not in hub.ask("GET", "integrations").text
    assert (asked[0]["iss"], asked[0]["sub"]) == ("robot@shop.iam.gserviceaccount.com", "ada@shop.example")
    assert "https://www.googleapis.com/auth/spreadsheets" in asked[0]["scope"].split()


async def test_a_wrong_token_asks_to_connect_again(backlot_url: str, tmp_path: Path) -> None:
    async with connected(google, backlot_url, tmp_path, {"access_token": "invented-wrong-token"}) as connection:
        with pytest.raises(AuthFailed, match="authentication"):
            await connection.call("file.search", query="x")


async def test_a_document_is_chosen_and_read(company: Connected) -> None:
    choice = (await company.pick("document", "Northwind")).choices[0]
    document = await company.call("doc.get", document=choice.value)
    assert document.title == choice.label
    assert document.text.strip()
    assert (await company.call("doc.get", document=document.url)).text == document.text


async def test_a_sheet_is_chosen_and_read(company: Connected) -> None:
    sheet = (await company.pick("spreadsheet")).choices[0]
    tab = (await company.pick("sheet_tab", spreadsheet=sheet.value)).choices[0]
    found = await company.call("sheet.read", spreadsheet=sheet.value, sheet_tab=tab.value, header=True)
    assert len(found.values) > 1
    assert list((found.records or [])[0]) == [str(each) for each in found.values[0]]
    first = await company.call("sheet.read", spreadsheet=sheet.value, range="A1:A1")
    assert first.values == [found.values[0][:1]]


async def test_a_sheet_that_is_not_there_is_refused(company: Connected) -> None:
    with pytest.raises(Rejected, match="not found"):
        await company.call("sheet.read", spreadsheet="1NoSuchSheet", sheet_tab="Sheet1")
