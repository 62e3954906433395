"""A whole hub with a provider that is connected by consent, and that provider's servers on loopback."""

import ipaddress
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest
from pytest_httpserver import HTTPServer
from sqlmodel import select
from werkzeug import Request, Response

from powerstrip.access import Bootstrap, NewKey, NewPrincipal
from powerstrip.adapter import Account, Adapter, ApiKey, Http, Model, OAuth2
from powerstrip.api import Hub
from powerstrip.catalog import Catalog
from powerstrip.settings import Settings
from powerstrip.store import Integration

sys.path.insert(0, str(Path(__file__).parents[1]))

from callhouse import leaks

SECRET = "invented-client-secret-41d7"
TOKEN = "acme-invented-access-token-5b20"
REFRESH = "acme-invented-refresh-token-c3e9"
CODE = "acme-invented-code-77aa01"
KEY = "acme-invented-api-key-90f2"
ORIGIN = "https://api.acme.example"
HUB = "http://127.0.0.1:8000"
RETURN = "https://app.example.com/done"


class Nothing(Model):
    """No input."""


class Note(Model):
    id: str = ""


def make_acme(**changes: Any) -> Adapter:
    """Acme, whose people consent; or fill in a key."""
    url = ORIGIN
    given: dict[str, Any] = {
        "authorize_url": f"{url}/authorize",
        "token_url": f"{url}/token",
        "revoke_url": f"{url}/revoke",
        "device_url": f"{url}/device",
        "scopes": ("read", "write"),
    }
    consent = OAuth2(**given | changes)
    return _acme("acme", "Acme", consent, ApiKey(header="X-Key", help="Acme → Settings → Keys."))


def make_strict() -> Adapter:
    """The same with consent alone, from a server that says who it is (RFC 9207)."""
    urls = {"authorize_url": f"{ORIGIN}/authorize", "token_url": f"{ORIGIN}/token"}
    return _acme("strict", "Strict", OAuth2(**urls, issuer=ORIGIN, scope_separator=",", scopes=("a", "b")))


def _acme(id: str, title: str, *auths: Any) -> Adapter:
    adapter = Adapter(id=id, title=title, base_url=ORIGIN, auth=auths)

    @adapter.action("note.get", read_only=True)
    async def get(http: Http, nothing: Nothing) -> Note:
        """Read a note."""
        return await http.get("/notes/1", returns=Note)

    @adapter.account
    async def whoami(http: Http) -> Account:
        body = await http.get("/me")
        return Account(id=str(body["id"]), name=str(body["name"]))

    return adapter


@dataclass
class Provider:
    """Acme's servers. What they answer can be set; they remember what they were asked."""

    server: HTTPServer
    token: Any = None
    account: Any = None
    asked: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.token = {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "refresh_token": REFRESH,
            "expires_in": 3600,
            "scope": "read write",
        }
        self.account = {"id": "account-1", "name": "Ada's Acme"}
        self.device: Any = {
            "device_code": "invented-device-code-55", "user_code": "ABCD-EFGH", "verification_uri": f"{self.url}/enter",
            "expires_in": 600, "interval": 1,
        }  # fmt: skip
        for path, answer in {"/token": "token", "/me": "account", "/device": "device"}.items():
            self.server.expect_request(path).respond_with_handler(lambda request, name=answer: self._answer(request, name))
        self.server.expect_request("/revoke").respond_with_handler(lambda request: self._answer(request, "device"))
        self.server.expect_request("/notes/1").respond_with_handler(lambda request: self._answer(request, "note"))
        self.note: Any = {"id": "n-1"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def _answer(self, request: Request, name: str) -> Response:
        form = dict(parse_qsl(request.get_data(as_text=True)))
        self.asked.append((request.path, form, request.headers.get("Authorization", "")))
        told = getattr(self, name)
        if isinstance(told, Response):
            return told
        if callable(told):
            return told(request)
        return Response(json.dumps(told), 200, content_type="application/json")

    def questions(self, path: str) -> list[dict[str, str]]:
        return [form for asked, form, _ in self.asked if asked == path]


@dataclass
class House:
    """An open hub. `ask` goes through its ASGI application."""

    hub: Hub
    first: Bootstrap
    provider: Provider
    seen: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None, **options: Any) -> httpx2.Response:
        address = path if path.startswith("/") else f"/v1/projects/main/{path}"
        headers = dict(options.pop("headers", {}))
        token = self.first.key if key is None else key
        if token:
            headers["authorization"] = f"Bearer {token}"
        if body is not None:
            options["json"] = body
        transport = httpx2.ASGITransport(app=self.hub.app, client=("127.0.0.9", 4711))
        async with httpx2.AsyncClient(transport=transport, base_url=HUB) as client:
            answer = await client.request(method, address, headers=headers, **options)
        self.seen.append(answer.text + str(answer.headers))
        return answer

    async def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        answer = await self.ask(method, path, body, **options)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def browse(self, path: str, cookie: str = "", **options: Any) -> httpx2.Response:
        """Somebody's browser, which has no key."""
        headers = options.pop("headers", {}) | ({"cookie": cookie} if cookie else {})
        return await self.ask(options.pop("method", "GET"), path, key="", headers=headers, **options)

    async def begin(self, provider: str = "acme", name: str = "main", **more: Any) -> dict[str, Any]:
        return await self.ok("POST", "integrations/connect", {"provider": provider, "name": name} | more)

    async def callback(self, begun: dict[str, Any], provider: str = "acme", **changes: str) -> httpx2.Response:
        """What the provider's redirect brings: the begun consent's state and a code, unless said otherwise."""
        query = {"code": CODE, "state": asked_of(begun)["state"]} | changes
        return await self.browse(f"/v1/oauth/callback/{provider}", params={name: value for name, value in query.items() if value})

    async def connect(self, name: str = "main", **more: Any) -> dict[str, Any]:
        """A whole consent; gives its end."""
        begun = await self.begin(name=name, **more)
        answer = await self.callback(begun)
        assert answer.status_code == 200, answer.text
        return await self.ok("GET", f"integrations/connect/{begun['id']}")

    async def rows(self, table: Any) -> list[Any]:
        return await self.hub.store.read(lambda session: list(session.exec(select(table))))

    async def nothing_stored(self) -> None:
        assert await self.rows(Integration) == []

    async def member(self, role: str) -> str:
        access = self.hub.access
        admin = await access.authenticate(self.first.key)
        ids = {each.name.lower(): each.id for each in await access.roles.list(self.first.project.id)}
        made = await access.principals.create(admin, self.first.project.id, NewPrincipal(name=f"a {role}", role_ids=[ids[role]]))
        return (await access.keys.create(admin, self.first.project, NewKey(role, made.principal.id))).key

    def bytes_on_disk(self) -> bytes:
        return b"\n".join(path.read_bytes() for path in self.hub.settings.data.rglob("*") if path.is_file())


def asked_of(begun: dict[str, Any]) -> dict[str, str]:
    """The query of a consent's authorize link."""
    found = parse_qs(urlsplit(begun["authorize_url"]).query)
    return {name: values[0] for name, values in found.items()}


@asynccontextmanager
async def opened(
    folder: Path, catalog: Catalog, provider: Provider, monkeypatch: pytest.MonkeyPatch, **more: Any
) -> AsyncIterator[House]:
    """A hub with this catalog, on what may be in the folder already."""
    monkeypatch.setattr("powerstrip.api.hub.Catalog.load", lambda *_, **__: catalog)
    urls = {"acme": provider.url, "strict": provider.url}
    given = {
        "provider_urls": urls,
        "public_url": HUB,
        "return_to": (RETURN,),
        "allow_addresses": (ipaddress.ip_network("127.0.0.0/8"),),
    }
    hub = await Hub.open(Settings(data=folder, **given | more), {})
    try:
        yield House(hub, await hub.access.bootstrap("main"), provider)
    finally:
        await hub.close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        yield Provider(server)


@pytest.fixture
def catalog(provider: Provider) -> Catalog:
    return Catalog.of(make_acme(), make_strict())


@pytest.fixture
async def bare(tmp_path: Path, provider: Provider, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Without an OAuth client."""
    async with opened(tmp_path / "data", catalog, provider, monkeypatch) as house:
        yield house


@pytest.fixture
async def house(bare: House) -> House:
    for name in ("acme", "strict"):
        await bare.ok("PUT", f"/v1/platform/apps/{name}", {"client_id": f"{name}-client", "client_secret": SECRET})
    return bare


def no_leaks(house: House, *texts: str) -> None:
    """None of the secrets of a consent is on disk, in an answer, or in these texts."""
    for secret in (SECRET, TOKEN, REFRESH, CODE, KEY):
        assert leaks(house.bytes_on_disk(), secret) == [], secret
        for text in (*texts, *house.seen):
            assert leaks(text, secret) == [], secret
