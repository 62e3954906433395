"""A provider's page, and an action that is tried: in the sandbox first, then for real."""

import json

import pytest
from pressing import SMALL, WIDE, press, screen, settled, type_text, until
from pytest_httpserver import HTTPServer
from served import serving
from textual.widgets import Input, OptionList

from powerstrip.client import Client, demo
from powerstrip_tui import Dashboard, OpenDoor
from powerstrip_tui.dialogs.asking import Confirm
from powerstrip_tui.screens.provider import OneProvider
from powerstrip_tui.screens.trying import Trying


async def opened(pilot, app, provider: str) -> OneProvider:
    await settled(pilot)
    page = OneProvider(provider)
    await app.push_screen(page)
    await settled(pilot)
    return page


async def chosen(pilot, app, id: str) -> None:
    """Put the cursor on one entry of the page."""
    listing = app.screen.query_one(OptionList)
    listing.highlighted = listing.get_option_index(id)
    await settled(pilot)


async def test_a_page_tells_what_a_provider_can_do(client, app) -> None:
    await demo.connect(client)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, "slack")
        text = screen(app)
        for words in ("Slack", "● Connected", "Integrations (1)", "team", "Actions (", "message.post", "(reads)"):
            assert words in text
        await chosen(pilot, app, "action:slack.message.post")
        assert "Post a message to a channel." in screen(app)
        assert "* text" in screen(app)
        await chosen(pilot, app, "event:slack.message.posted")
        assert "Its data" in screen(app)
        await chosen(pilot, app, "picker:channel")
        assert "● ready" in screen(app)
        assert "Channels that are not archived" in screen(app)


async def test_an_action_is_tried_with_its_request_and_its_mock_beside_each_other(client, app) -> None:
    await demo.connect(client)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, "slack")
        await chosen(pilot, app, "action:slack.message.post")
        await press(pilot, "enter")
        assert isinstance(app.screen, Trying)
        await press(pilot, "ctrl+s")
        assert "This is needed." in screen(app)
        assert not await client.invocations.list().all()
        await type_text(pilot, "Hello there")
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: "Would have sent" in screen(app))
        text = screen(app)
        assert "SANDBOX: nothing was sent" in text
        assert "https://slack.com/api/chat.postMessage" in text.replace("\n", "") or "chat.postMessage" in text
        assert "<bot_token>" in text
        assert "xoxb" not in text
        beside = next(line for line in text.splitlines() if "Would have sent" in line)
        assert "Mock answer" in beside
        await press(pilot, "ctrl+g")
        assert not isinstance(app.screen, Confirm)
    (call,) = await client.invocations.list().all()
    assert call["mode"] == "sandbox"


async def test_the_example_fills_the_form(client, app) -> None:
    await demo.connect(client)
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot, app, "slack")
        await chosen(pilot, app, "action:slack.message.post")
        await press(pilot, "enter", "ctrl+l")
        assert "The deploy is done." in [field.value for field in app.screen.query(Input)]


@pytest.fixture
def mail_house(httpserver: HTTPServer) -> HTTPServer:
    """A local peer that answers as the mail service does."""
    sent = {"MessageID": "m-1", "To": "ada@example.com", "ErrorCode": 0, "Message": "OK", "SubmittedAt": "2030-01-01T00:00:00Z"}
    httpserver.expect_request("/email").respond_with_json(sent)
    httpserver.expect_request("/server").respond_with_json({"ID": 1, "Name": "shop"})
    return httpserver


async def test_for_real_is_asked_for_after_the_sandbox_and_confirmed(tmp_path, remembered, mail_house) -> None:
    with serving(tmp_path / "data", {"postmark": mail_house.url_for("").rstrip("/")}) as hub:
        async with Client(hub.url, hub.key, hub.project) as client:
            await client.integrations.create(
                "mail", "postmark", credentials={"server_token": "pm-invented"}, config={"from_address": "shop@example.com"}
            )
            app = Dashboard(OpenDoor(client), remembered)
            async with app.run_test(size=WIDE) as pilot:
                await opened(pilot, app, "postmark")
                await chosen(pilot, app, "action:postmark.email.send")
                await press(pilot, "enter", "ctrl+g")
                assert not isinstance(app.screen, Confirm), "nothing was tried yet"
                await press(pilot, "ctrl+l", "ctrl+s")
                await until(pilot, lambda: "SANDBOX: nothing was sent" in screen(app))
                assert not [each for each, _ in mail_house.log if each.path == "/email"]
                await press(pilot, "ctrl+g")
                assert isinstance(app.screen, Confirm)
                assert "postmark/mail" in screen(app)
                await press(pilot, "escape")
                assert not [each for each, _ in mail_house.log if each.path == "/email"]
                await press(pilot, "ctrl+g", "y")
                await until(pilot, lambda: "LIVE: it was called" in screen(app))
                (asked,) = [each for each, _ in mail_house.log if each.path == "/email"]
                assert asked.headers["X-Postmark-Server-Token"] == "pm-invented"
                assert json.loads(asked.data)["To"]


async def test_an_action_that_the_connected_server_cannot_do_says_why(tmp_path, remembered, httpserver: HTTPServer) -> None:
    reads = {"type": "Patient", "interaction": [{"code": "read"}]}
    said = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [{"mode": "server", "resource": [reads]}]}
    httpserver.expect_request("/metadata").respond_with_json(said)
    httpserver.expect_request("/Patient").respond_with_json({"resourceType": "Bundle", "total": 0})
    with serving(tmp_path / "data", {"fhir": httpserver.url_for("").rstrip("/")}) as hub:
        async with Client(hub.url, hub.key, hub.project) as client:
            settings = {"base_url": "https://fhir.example.com/r4"}
            await client.integrations.create("ward", "fhir", credentials={"token": "invented"}, config=settings, probe=True)
            app = Dashboard(OpenDoor(client), remembered)
            async with app.run_test(size=WIDE) as pilot:
                await opened(pilot, app, "fhir")
                await chosen(pilot, app, "action:fhir.resource.read")
                assert "● Ready" in screen(app)
                await chosen(pilot, app, "action:fhir.resource.create")
                text = " ".join(screen(app).replace("│", " ").split())
                assert "· Catalog-only" in text
                assert "· resource.create" in text
                assert "ward cannot do this: The server declares no" in text


async def test_a_payload_of_a_megabyte_is_cut_and_copied_whole(client, app) -> None:
    await demo.connect(client)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, "slack")
        await chosen(pilot, app, "action:slack.message.post")
        await press(pilot, "enter")
        trying = app.screen
        assert isinstance(trying, Trying)
        trying._show({"status": "completed", "mode": "sandbox", "output": {"text": "[red]" + "x" * 1_000_000}})
        await settled(pilot)
        assert "[red]xxx" in screen(app)
