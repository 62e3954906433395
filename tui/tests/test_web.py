"""The dashboard in a browser: who may come in, what is loaded, and what is left behind."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx2
import pytest
from served import POWERSTRIP, ServedHub, free_port

CANDIDATES = ("chromium", "chromium-browser", "google-chrome")


class Served:
    """`powerstrip tui --web` on a served hub."""

    def __init__(self, hub: ServedHub) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = hub.environment | {"POWERSTRIP_URL": hub.url, "POWERSTRIP_API_KEY": hub.key}
        self.process = subprocess.Popen(
            [POWERSTRIP, "tui", "--web", "--port", str(self.port)], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert "ready" in self.process.stdout.readline()

    def tabs(self) -> list[int]:
        """The processes behind tabs that this server began."""
        found = []
        for each in Path("/proc").iterdir():
            try:
                words = (each / "cmdline").read_bytes()
                parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if b"powerstrip_tui.web.page" in words and (parent == self.process.pid or parent == 1):
                found.append(int(each.name))
        return found


@pytest.fixture
def web(served: ServedHub):
    page = Served(served)
    yield page
    if page.process.poll() is None:
        page.process.send_signal(signal.SIGTERM)
        page.process.wait(40)


@contextlib.contextmanager
def login(web: Served, key: str):
    with httpx2.Client(base_url=web.url) as client:
        client.post("/login", data={"key": key})
        yield client


def test_nobody_comes_in_without_a_good_key(web, served) -> None:
    with httpx2.Client(base_url=web.url) as stranger:
        assert "API key" in stranger.get("/").text
        assert stranger.get("/ws", headers={"Origin": web.url}).status_code == 401
        assert stranger.get("/download/x").status_code == 401
        refused = stranger.post("/login", data={"key": "mbx_" + "x" * 40})
        assert (refused.status_code, "refuses the API key" in refused.text) == (401, True)
        assert stranger.post("/login", data={"key": "<script>"}).status_code == 401
        assert "set-cookie" not in refused.headers
    with login(web, served.key) as friend:
        cookie = friend.post("/login", data={"key": served.key}).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert served.key not in cookie
        page = friend.get("/")
        assert 'class="textual-terminal"' in page.text
        assert served.key not in page.text
        friend.post("/logout")
        assert "API key" in friend.get("/").text


def test_other_pages_and_other_names_are_turned_away(web, served) -> None:
    with login(web, served.key) as friend:
        assert friend.get("/ws", headers={"Origin": "https://evil.example"}).status_code == 403
        assert friend.get("/ws").status_code == 403
        assert friend.post("/login", data={"key": served.key}, headers={"Origin": "https://evil.example"}).status_code == 403
        assert friend.get("/", headers={"Host": f"rebound.example:{web.port}"}).status_code == 421


def test_nothing_is_loaded_from_elsewhere(web, served) -> None:
    with login(web, served.key) as friend:
        page = friend.get("/")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for text in (page.text, friend.get("/static/css/xterm.css").text):
            text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
            addresses = [word for word in text.replace('"', " ").replace("'", " ").replace("(", " ").split() if "://" in word]
            assert all(word.startswith((web.url, f"ws://127.0.0.1:{web.port}")) for word in addresses), addresses


def browser() -> str:
    import shutil

    found = next((path for name in CANDIDATES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("Chromium is not installed")
    return found


@pytest.mark.part
def test_a_browser_shows_the_dashboard_and_leaves_no_process(web, served) -> None:
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        page = chromium.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(web.url)
        page.fill("input[name=key]", served.key)
        page.click("text=Open")
        page.wait_for_selector("body.-first-byte", timeout=60_000)
        assert web.tabs()
        page.keyboard.press("5")
        page.wait_for_timeout(500)
        picture = page.screenshot()
        assert len(picture) > 5_000
        chromium.close()
    assert all(url.startswith((web.url, "data:", "blob:")) for url in asked), asked
    gone(web)


def test_tabs_end_with_a_server_that_is_killed(web, served) -> None:
    import asyncio

    import websockets

    async def opened() -> None:
        with login(web, served.key) as friend:
            cookie = f"powerstrip_tab={friend.cookies['powerstrip_tab']}"
        line = websockets.connect(
            f"ws://127.0.0.1:{web.port}/ws?width=80&height=24", additional_headers={"Cookie": cookie}, origin=web.url
        )
        async with line as socket:
            await socket.recv()
            assert web.tabs()
            for pid in web.tabs():
                assert served.key.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
            os.kill(web.process.pid, signal.SIGKILL)
            web.process.wait(10)

    asyncio.run(opened())
    gone(web)


def gone(web: Served) -> None:
    end = time.monotonic() + 20
    while web.tabs():
        assert time.monotonic() < end, "a tab's process was left behind"
        time.sleep(0.1)
