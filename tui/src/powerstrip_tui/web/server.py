"""The web server: who may come in, and what a browser is given. Nothing of it comes from elsewhere."""

import asyncio
import contextlib
import secrets
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from aiohttp import web  # noqa: TID251 - a server on loopback; nothing is asked outward
from textual_serve.server import Server, to_int

from powerstrip.client import Client, ClientError
from powerstrip_tui.sentences import said
from powerstrip_tui.web.tab import Tab

HOST = "127.0.0.1"
COOKIE = "powerstrip_tab"
HOURS = 12
"""How long a login holds."""
MAX_TABS = 20
MAX_KEY = 300
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HERE = Path(__file__).parent


@dataclass
class Login:
    """Somebody who came in with a key. It is kept in this process's memory alone."""

    key: str
    until: float


class Web(Server):
    """Serves the dashboard of one hub to browsers on this machine."""

    def __init__(self, hub: str, port: int, project: str = "") -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - its paths are typed as any path
            "powerstrip", host=HOST, port=port, title="Powerstrip", templates_path=HERE / "templates"
        )
        self._hub, self._project = hub, project
        self._logins: dict[str, Login] = {}
        self._tabs: set[Tab] = set()

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        app.add_routes([web.post("/login", self._login), web.post("/logout", self._logout)])
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Nothing is printed: who runs this says that it is ready."""

    async def on_shutdown(self, app: web.Application) -> None:
        """Every tab's process ends with the server."""
        await asyncio.gather(*(tab.stop() for tab in self._tabs))

    # Who may come in

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """This address and no other (DNS rebinding), this page and no other (cross-site requests), and only with a login."""
        here = f"{HOST}:{self.port}"
        if request.host != here:
            if request.host == f"localhost:{self.port}" and request.path == "/":
                raise web.HTTPFound(f"http://{here}/")
            raise web.HTTPMisdirectedRequest(text=f"Open http://{here}/")
        origin = request.headers.get("Origin", "")
        if origin not in ("", f"http://{here}") or (request.path == "/ws" and not origin):
            raise web.HTTPForbidden(text="Another page asked for this")
        if request.path == "/favicon.ico":
            raise web.HTTPNotFound
        open_to_all = request.path in ("/", "/login") or request.path.startswith("/static/")
        if not open_to_all and self._who(request) is None:
            raise web.HTTPUnauthorized(text="Log in first")
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = POLICY
            response.headers["Cache-Control"] = "no-store"
            response.headers["Referrer-Policy"] = "same-origin"  # with none at all, browsers send forms without an origin
            response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _who(self, request: web.Request) -> Login | None:
        login = self._logins.get(request.cookies.get(COOKIE, ""))
        return login if login is not None and login.until > monotonic() else None

    async def _login(self, request: web.Request) -> web.StreamResponse:
        """Try a key at the hub; what comes of it is a cookie that no script can read."""
        key = str((await request.post()).get("key", "")).strip()
        trouble = "" if key and len(key) <= MAX_KEY and key.isascii() and key.isprintable() else "Give an API key: mbx_…"
        if not trouble:
            try:
                async with Client(self._hub, key) as client:
                    await client.projects.list()
            except ClientError as error:
                trouble = said(error).words
        if trouble:
            return self._page(trouble, status=401)
        now = monotonic()
        self._logins = {name: login for name, login in self._logins.items() if login.until > now}
        name = secrets.token_urlsafe(32)
        self._logins[name] = Login(key, now + HOURS * 3600)
        response = web.HTTPSeeOther("/")
        response.set_cookie(COOKIE, name, max_age=HOURS * 3600, httponly=True, samesite="Strict", path="/")
        return response

    async def _logout(self, request: web.Request) -> web.StreamResponse:
        """Forget the key."""
        self._logins.pop(request.cookies.get(COOKIE, ""), None)
        response = web.HTTPSeeOther("/")
        response.del_cookie(COOKIE, path="/")
        return response

    # What a browser is given

    async def handle_index(self, request: web.Request) -> Any:
        """The terminal, or where nobody is logged in the form for a key."""
        return await super().handle_index(request) if self._who(request) is not None else self._page("")

    def _page(self, trouble: str, status: int = 200) -> web.Response:
        from html import escape

        text = (HERE / "templates" / "login.html").read_text(encoding="utf-8")
        shown = f'<p role="alert">{escape(trouble)}</p>' if trouble else ""
        page = text.replace("<!-- trouble -->", shown).replace("<!-- hub -->", escape(self._hub))
        return web.Response(text=page, content_type="text/html", status=status)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One tab: a process of its own with the key of who is logged in."""
        login = self._who(request)
        if login is None or len(self._tabs) >= MAX_TABS:
            raise web.HTTPTooManyRequests(text=f"At most {MAX_TABS} tabs are open at once")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=1024 * 1024)
        await socket.prepare(request)
        tab = Tab(
            login.key,
            self._hub,
            self._project,
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=socket.close,
            download_manager=self.download_manager,
        )
        self._tabs.add(tab)
        try:
            query = request.query
            await tab.start(to_int(query.get("width", "80"), 80), to_int(query.get("height", "24"), 24))
            await self._process_messages(socket, tab)
        finally:
            await asyncio.shield(tab.stop())
            self._tabs.discard(tab)
        return socket


async def serve_web(hub: str, port: int, project: str, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. `ready` is told the address."""
    server = Web(hub, port, project)
    runner = web.AppRunner(await server._make_app(), access_log=None)  # pyright: ignore[reportPrivateUsage]
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, ended.set)
        ready(f"http://{HOST}:{port}/")
        await ended.wait()
    finally:
        await runner.cleanup()
