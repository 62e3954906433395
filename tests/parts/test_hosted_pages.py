"""The hub's pages in a real browser: they work without a script, load nothing, and can be read."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from parts import servers
from parts.node_parts import NotHere
from parts.signin_house import CLIENT, SECRET, TTL, hub_at, register
from served import ServedHub, free_port

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.part,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (400, 1280)]
LEGIBLE = 4.5
"""Contrast of text and ground (WCAG 2.2, 1.4.3)."""
CONTRAST = """() => {
  const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
  const paint = canvas.getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => { paint.clearRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const ground = (at) => { for (let e = at; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
  const poor = [];
  for (const e of document.querySelectorAll('h1,p,dt,dd,label,button,summary,footer,input,strong')) {
    if (!e.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
    poor.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.tagName, e.textContent.slice(0, 40)]);
  }
  return poor.sort((x, y) => x[0] - y[0])[0];
}"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, slack_url: str) -> Iterator[ServedHub]:
    """A served hub with a provider of each kind: a form, and a consent."""
    folder, port = tmp_path_factory.mktemp("pages"), free_port()
    try:
        with servers.signin(folder, CLIENT, SECRET, TTL, f"http://127.0.0.1:{port}/v1/oauth/callback/signin") as url:
            hub = hub_at(folder, {"signin": url, "slack": slack_url}, port)
            hub.start()
            try:
                register(hub, "signin", "slack")
                yield hub
            finally:
                hub.kill()
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as engine:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


class Visit:
    """One person's window, and everything that it asked for or complained of."""

    def __init__(self, browser: Any, scheme: str = "light", width: int = 1280, **more: Any) -> None:
        self.window = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, **more)
        self.page = self.window.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    def looks_right(self, picture: Path) -> None:
        """Nothing sticks out, everything can be read, and nothing was complained of but the status of a failure."""
        self.page.screenshot(path=str(picture), full_page=True)
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
        poorest = self.page.evaluate(CONTRAST)
        assert poorest[0] >= LEGIBLE, poorest
        assert [line for line in self.complaints if "Failed to load resource" not in line] == []


def link(hub: ServedHub, provider: str, name: str, *kinds: str) -> str:
    body = {"provider": provider, "name": name, "auth_kinds": list(kinds)}
    answer = hub.ask("POST", "connect-sessions", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["url"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_form_with_a_mistake_and_without(hub: ServedHub, browser: Any, script: bool) -> None:
    visit = Visit(browser, java_script_enabled=script)
    page = visit.page
    page.goto(link(hub, "slack", f"form-{script}", "bot_token"))
    field = page.get_by_label("Bot token")
    assert field.get_attribute("type") == "password"
    field.fill("********")
    page.get_by_role("button", name="Connect").click()
    page.get_by_role("alert").first.wait_for()
    assert page.get_by_label("Bot token").input_value() == "", "a secret is not shown again"
    page.get_by_label("Bot token").fill(servers.SLACK_TOKEN)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Slack is connected").wait_for()
    assert {url.split("/")[2] for url in visit.asked} == {hub.url.removeprefix("http://")}


def test_a_consent_goes_over_to_the_provider_and_comes_back(hub: ServedHub, browser: Any) -> None:
    """A browser holds where a form is redirected to against the page's policy, which no other test shows."""
    visit = Visit(browser)
    visit.page.goto(link(hub, "signin", "over", "oauth2"))
    visit.page.get_by_role("button", name="Continue to Signin").click()
    visit.page.get_by_role("heading", name="Signin is connected").wait_for()
    assert visit.page.get_by_text("ada's account").is_visible()
    assert visit.complaints == []
    visit.page.reload()
    visit.page.get_by_role("heading", name="This page was already used").wait_for()


def test_a_form_from_another_site_does_nothing(hub: ServedHub, browser: Any) -> None:
    url = link(hub, "slack", "foreign", "bot_token")
    visit = Visit(browser)
    visit.page.goto(url)
    mark = visit.page.locator("input[name=csrf]").first.input_value()
    fields = {"csrf": mark, "auth_kind": "bot_token", "field.bot_token": servers.SLACK_TOKEN}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    evil = f'<form method=post action="{url}">{inputs}<button>go</button></form>'
    visit.page.route("http://evil.example/", lambda route: route.fulfill(body=evil, content_type="text/html"))
    visit.page.goto("http://evil.example/")
    visit.page.get_by_role("button").click()
    visit.page.get_by_text("The form did not come from this page").wait_for()
    kept = hub.ask("GET", "integrations").json()["items"]
    assert "foreign" not in [each["name"] for each in kept]


@pytest.mark.parametrize(("scheme", "width"), LOOKS, ids=[f"{scheme}-{width}" for scheme, width in LOOKS])
def test_the_pages_can_be_read(hub: ServedHub, browser: Any, tmp_path: Path, scheme: str, width: int) -> None:
    visit = Visit(browser, scheme, width)
    page = visit.page
    name = f"A rather long name for a connection {scheme} {width}"
    page.goto(link(hub, "slack", name))
    visit.looks_right(tmp_path / f"ways-{scheme}-{width}.png")
    if page.locator("details").count():
        page.locator("summary").first.click()
        visit.looks_right(tmp_path / f"open-{scheme}-{width}.png")
    page.get_by_label("Bot token").fill("x" * 12)
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("alert").first.wait_for()
    visit.looks_right(tmp_path / f"mistake-{scheme}-{width}.png")
    page.goto(f"{hub.url}/connect/{'x' * 22}")
    visit.looks_right(tmp_path / f"over-{scheme}-{width}.png")
    page.goto(f"{hub.url}/v1/oauth/callback/signin?state=no&error=access_denied&error_description={'Long words ' * 20}")
    visit.looks_right(tmp_path / f"failed-{scheme}-{width}.png")
    page.goto(link(hub, "signin", f"look {scheme} {width}"))
    visit.looks_right(tmp_path / f"consent-{scheme}-{width}.png")
    page.get_by_role("button").first.click()
    page.get_by_role("heading", name="Signin is connected").wait_for()
    visit.looks_right(tmp_path / f"done-{scheme}-{width}.png")
