"""From nothing to an integration: forms that are refused and mended, consents, settings, addresses for events."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from peers import CODE, GOOD, Peers, live_hub
from pressing import SMALL, WIDE, press, screen, settled, type_text, until
from served import ServedHub
from textual.widgets import Input

from powerstrip.client import Client
from powerstrip_tui import Dashboard, OpenDoor
from powerstrip_tui.screens.connect import Connect
from powerstrip_tui.screens.consent import Consenting
from powerstrip_tui.screens.integration import OneIntegration
from powerstrip_tui.widgets.form import Secret
from powerstrip_tui.widgets.qr import qr_code


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServedHub, Peers]]:
    with live_hub(tmp_path_factory.mktemp("live") / "data") as found:
        yield found


@pytest.fixture
async def real(live: tuple[ServedHub, Peers], request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    """A client of a new live project."""
    hub, _ = live
    async with Client(hub.url, hub.key) as client:
        made = await client.projects.create(request.node.name[:60], mode="live")
        yield client.within(made["handle"])


async def begun(pilot, app, provider: str) -> Connect:
    await settled(pilot)
    view = Connect(provider)
    await app.push_screen(view)
    await settled(pilot)
    return view


async def test_a_sandbox_is_connected_within_a_few_keys(client, app) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await begun(pilot, app, "postmark")
        assert "This project is a sandbox" in screen(app)
        await press(pilot, "enter")
        await type_text(pilot, "any-invented-token")
        await press(pilot, "enter")
        await until(pilot, lambda: "a sandbox asks nobody" in screen(app))
        assert "any-invented-token" not in screen(app)
    (made,) = await client.integrations.list().all()
    assert (made["name"], made["provider"], made["mode"]) == ("postmark", "postmark", "sandbox")


async def test_a_refused_key_is_told_and_the_right_one_connects(real, live, remembered) -> None:
    _, peers = live
    app = Dashboard(OpenDoor(real), remembered)
    async with app.run_test(size=WIDE) as pilot:
        view = await begun(pilot, app, "postmark")
        secret = view.query_one(Secret)
        secret.value = "pm-invented-wrong"
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: "✕" in screen(app))
        assert "pm-invented-wrong" not in screen(app)
        assert not await real.integrations.list().all()
        assert view.query_one(Secret).value == "pm-invented-wrong", "nothing that was typed is lost"
        secret.value = GOOD[0]
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: "● It works." in screen(app))
        assert "Invented server" in screen(app)
        assert peers.asked("/server")[-1][0]["x-postmark-server-token"] == GOOD[0]


async def test_after_the_key_come_settings_an_address_and_the_integration(real, remembered) -> None:
    app = Dashboard(OpenDoor(real), remembered)
    async with app.run_test(size=WIDE) as pilot:
        view = await begun(pilot, app, "postmark")
        view.query_one(Secret).value = GOOD[0]
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: "● It works." in screen(app))
        await press(pilot, "ctrl+n")
        assert "From address" in screen(app)
        view.query("#settings Input").first(Input).value = "shop@example.com"
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: "/v1/hooks/" in screen(app) or "Ctrl+s makes the address" in screen(app))
        if "Ctrl+s makes the address" in screen(app):
            await press(pilot, "ctrl+s")
        await until(pilot, lambda: "/v1/hooks/" in screen(app))
        assert "1. " in screen(app)
        (made,) = await real.integrations.list().all()
        assert made["config"] == {"from_address": "shop@example.com"}
        (endpoint,) = await real.endpoints.list()
        assert app.clipboard.endswith(endpoint["url"].partition("/v1/")[2])
        await press(pilot, "ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, OneIntegration))


async def test_several_ways_to_sign_in_are_a_choice(client, app) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await begun(pilot, app, "slack")
        assert "how to sign in" in screen(app)
        assert "consent in a browser" in screen(app)
        await press(pilot, "j", "enter")
        assert "sign in by bot_token" in screen(app)
        await press(pilot, "ctrl+t")
        assert "how to sign in" in screen(app)


async def registered(hub: ServedHub, client: Client) -> None:
    await client.platform_apps.set("signin", "hub", "invented-client-secret")


async def waiting(pilot, app) -> tuple[Consenting, dict[str, str]]:
    """The step that waits, and what the link asks the provider for."""
    step = app.screen.query_one(Consenting)
    await until(pilot, lambda: (step._begun is not None and "Waiting" in screen(app)) or "Press v" in screen(app))
    assert step._begun is not None
    query = parse_qs(urlsplit(step._begun.get("authorize_url", "")).query)
    return step, {name: values[0] for name, values in query.items()}


async def test_a_consent_shows_link_and_qr_code_and_waits_for_the_browser(real, live, remembered, monkeypatch) -> None:
    hub, _ = live
    await registered(hub, real)
    opened: list[str] = []
    monkeypatch.setattr(Dashboard, "open_url", lambda self, url, **more: opened.append(url))
    app = Dashboard(OpenDoor(real), remembered)
    async with app.run_test(size=(120, 60)) as pilot:
        await begun(pilot, app, "signin")
        await press(pilot, "enter")
        _, asked = await waiting(pilot, app)
        assert asked["code_challenge_method"] == "S256"
        assert "https://signin.example/auth" in screen(app).replace("\n", "") or opened[0].startswith("http")
        assert "█" in screen(app)
        assert len(opened) == 1
        back = {"code": CODE, "state": asked["state"], "iss": "https://signin.example"}
        page = await asyncio.to_thread(httpx2.get, asked["redirect_uri"], params=back, timeout=30)
        assert page.status_code == 200
        await until(pilot, lambda: "● It works." in screen(app))
        assert "Ada" in screen(app)
        assert CODE not in screen(app)
    (made,) = await real.integrations.list().all()
    assert made["status"] == "active"


async def test_a_code_is_pasted_and_a_wrong_one_is_told(real, live, remembered, monkeypatch) -> None:
    hub, _ = live
    await registered(hub, real)
    monkeypatch.setattr(Dashboard, "open_url", lambda self, url, **more: None)
    app = Dashboard(OpenDoor(real), remembered)
    async with app.run_test(size=(120, 60)) as pilot:
        await begun(pilot, app, "signin")
        await press(pilot, "enter")
        await waiting(pilot, app)
        step = app.screen.query_one(Consenting)
        await pilot.press("w", "w")
        await until(pilot, lambda: step._way == "paste" and "Press v to paste it" in screen(app))
        await pilot.press("v")
        await until(pilot, lambda: "The code, or the whole address" in screen(app))
        await type_text(pilot, "http://127.0.0.1:1/callback?code=x&state=wrong")
        await pilot.press("enter")
        await until(pilot, lambda: "✕" in screen(app))
        assert not await real.integrations.list().all()
        await pilot.press("a")
        _, asked = await waiting(pilot, app)
        await pilot.press("v")
        await until(pilot, lambda: app.screen.query(Input))
        back = urlencode({"code": CODE, "state": asked["state"], "iss": "https://signin.example"})
        app.screen.query_one(Input).value = f"{asked['redirect_uri']}?{back}"
        await pilot.press("enter")
        await until(pilot, lambda: "● It works." in screen(app))


async def test_a_provider_without_a_client_says_what_to_do(real, remembered) -> None:
    app = Dashboard(OpenDoor(real), remembered)
    async with app.run_test(size=WIDE) as pilot:
        await begun(pilot, app, "signin_posing")
        await press(pilot, "enter")
        await until(pilot, lambda: "✕" in screen(app))
        assert "Press a to try again" in screen(app)


def test_a_qr_code_holds_the_link() -> None:
    shown = qr_code("https://provider.example/authorize?state=s").plain
    assert len(shown.splitlines()) > 10
    assert set(shown) <= set("█▀▄ \n")
