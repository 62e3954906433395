"""What the tests of connect and actions share: real store, vault, catalog and edge, and a provider on loopback.

A test that also asks for `database_url` runs on each kind of database, any other on SQLite.
"""

import asyncio
import base64
import ipaddress
import json
import re
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import field_validator
from pytest_httpserver import HTTPServer
from sqlmodel import Session, col, select
from werkzeug import Request, Response

from powerstrip.actions import Actions, Files, Invoke, Result
from powerstrip.adapter import (
    Account,
    Adapter,
    ApiKey,
    Basic,
    Choice,
    Content,
    Http,
    IdempotencyKey,
    Model,
    OAuth2,
    Page,
    PowerstripError,
    Query,
    Rejected,
)
from powerstrip.adapter import Response as Answer
from powerstrip.catalog import Catalog
from powerstrip.connect import Integrations, NewIntegration
from powerstrip.edge import Edge
from powerstrip.settings import Settings
from powerstrip.store import Actor, Audit, Integration, Project, Store
from powerstrip.vault import Vault, load_master

CANARY = "acme-invented-canary-7f31c9"
HERE = (ipaddress.ip_network("127.0.0.0/8"),)


class Config(Model):
    """Where Acme lives, and a habit."""

    base_url: str = ""
    default_room: str = "lobby"


class NoteIn(Model):
    text: str
    room: str = "lobby"


class Note(Model):
    id: str
    text: str = ""
    room: str = ""


class Ask(Model):
    id: str = "1"


class Blob(Model):
    body: Content
    name: str = ""


class Stored(Model):
    etag: str
    size: int


class Deed(Model):
    kind: str

    @field_validator("kind")
    @classmethod
    def slip(cls, value: str) -> str:
        """What a plugin's author may forget: pydantic makes a refusal of a `ValueError` only."""
        if value == "slip":
            raise KeyError(value)
        return value


def make_acme() -> Adapter:
    """A provider with everything that a call can meet."""
    acme = Adapter(
        id="acme",
        title="Acme",
        base_url="https://api.acme.example",
        base_url_field="base_url",
        config=Config,
        auth=(
            ApiKey(header="X-Acme-Key", help="Acme → Settings → Keys."),
            Basic(kind="login"),
            OAuth2(authorize_url="https://acme.example/authorize", token_url="https://acme.example/token"),
        ),
    )

    @acme.errors
    def check(answer: Answer) -> PowerstripError | None:
        """Acme says no with 200 and `ok: false`."""
        if answer.status != 200:
            return None
        body = answer.json()
        if isinstance(body, dict) and body.get("ok") is False:
            return Rejected(str(body.get("error")))
        return None

    @acme.action("note.create", aliases=("post-note",))
    async def create(http: Http, note: NoteIn) -> Note:
        """Create a note."""
        return await http.post("/notes", json=note, returns=Note)

    @acme.action("note.get", read_only=True)
    async def get(http: Http, ask: Ask) -> Note:
        """Read a note."""
        return await http.get(f"/notes/{quote(ask.id, safe='')}", returns=Note)

    @acme.action("note.replace", idempotent=True)
    async def replace(http: Http, note: NoteIn) -> Note:
        """Replace a note."""
        return await http.put("/notes/1", json=note, returns=Note)

    @acme.action("note.pay", idempotency=IdempotencyKey("Idempotency-Key"))
    async def pay(http: Http, note: NoteIn) -> Note:
        """Pay for a note. Acme takes an idempotency key."""
        return await http.post("/payments", json=note, returns=Note)

    @acme.action("note.raw")
    async def raw(http: Http, note: NoteIn) -> Note:
        """Create a note and read the raw reply."""
        reply = await http.send("POST", "/notes", json=note)
        return Note.model_validate(reply.json())

    @acme.action("file.put")
    async def put(http: Http, blob: Blob) -> Stored:
        """Store a file."""
        reply = await http.send("PUT", "/file", content=blob.body)
        return Stored(etag=reply.headers.get("etag", ""), size=blob.body.size)

    @acme.action("file.get", read_only=True)
    async def download(http: Http, ask: Ask) -> Blob:
        """Read a file."""
        reply = await http.download("/file")
        assert reply.content is not None
        return Blob(body=reply.content, name=ask.id)

    @acme.action("deed.do")
    async def do(http: Http, deed: Deed) -> Note:
        """Do what no adapter should."""
        return await misbehave(http, deed.kind)

    @acme.account
    async def whoami(http: Http) -> Account:
        body = await http.get("/me")
        return Account(id=str(body["id"]), name=str(body["name"]), unsupported=body.get("cannot", {}))

    @acme.picker("room")
    async def rooms(http: Http, query: Query) -> Page:
        body = await http.get("/rooms", params={"cursor": query.cursor or ""})
        return Page([Choice(each["id"], each["name"]) for each in body["rooms"]], body.get("next"))

    @acme.picker("desk", depends=("room",))
    async def desks(http: Http, query: Query) -> Page:
        body = await http.get("/desks", params={"room": query.values["room"]})
        return Page([Choice(each, each) for each in body["desks"]])

    @acme.picker("person", searches=True)
    async def people(http: Http, query: Query) -> Page:
        body = await http.get("/people", params={"q": query.search})
        return Page([Choice(each, each) for each in body["people"]])

    return acme


async def misbehave(http: Http, kind: str) -> Any:
    """One of the things that a bad plugin does."""
    match kind:
        case "exit":
            raise SystemExit(3)
        case "interrupt":
            raise KeyboardInterrupt
        case "error":
            raise ZeroDivisionError(f"a text with {CANARY}")
        case "cancel":
            raise asyncio.CancelledError
        case "nothing":
            return None
        case "other":
            return Ask(id="7")
        case "unfit":
            return Note.model_construct(id=["not", "a", "text"])
        case "huge":
            return Note(id="x" * (11 * 1024 * 1024))
        case "surrogate":
            return Note.model_construct(id="\ud800")
        case "sleep":
            await asyncio.sleep(60)
        case "stubborn":
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                return Note(id="too late")
        case "block":
            time.sleep(1.5)
            return Note(id="too late")
        case "write and block":
            await http.post("/notes", json={"text": "hello"})
            time.sleep(1.5)
            return Note(id="too late")
        case "echo":
            return Note(id="echo", text=json.dumps(await http.post("/echo", json={"text": "hello"})))
        case "after":
            await http.post("/notes", json={"text": "hello"})
            raise ZeroDivisionError
        case _:
            return Note(id=kind)


def make_other() -> Adapter:
    """A second provider, without an account call and with nothing to choose."""
    other = Adapter(id="other", title="Other", base_url="https://api.other.example", auth=ApiKey(header="X-Key"))

    @other.action("thing.get", read_only=True)
    async def get(http: Http, ask: Ask) -> Note:
        """Read a thing."""
        return await http.get("/thing", returns=Note)

    return other


def make_built_in() -> Adapter:
    """A provider of the hub's own."""
    clock = Adapter(id="clock", title="Clock", base_url="", built_in=True)

    @clock.action("time.tell", read_only=True)
    async def tell(http: Http, ask: Ask) -> Note:
        """Tell the time."""
        return Note(id=ask.id, text="noon")

    return clock


@dataclass
class Peer:
    """The provider's server. It remembers what it was asked and answers as told, else kindly."""

    server: HTTPServer
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, list[Response | Callable[[Request], Response]]] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()
        self.server.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def say(self, line: str, *answers: Any, status: int = 200, **headers: str) -> None:
        """The next answers to a request such as `GET /me`: JSON values, responses or functions."""
        self.answers[line] = [
            each
            if isinstance(each, Response) or callable(each)
            else Response(json.dumps(each), status, headers, content_type="application/json")
            for each in answers
        ]

    def asked(self, line: str) -> int:
        return sum(1 for seen, _, _ in self.requests if seen == line)

    def _answer(self, request: Request) -> Response:
        line = f"{request.method} {request.path}"
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((line, headers, request.get_data()))
        self.gate.wait(10)
        waiting = self.answers.get(line)
        if waiting:
            told = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return told(request) if callable(told) and not isinstance(told, Response) else told
        return _kind_answer(line, request)


def _kind_answer(line: str, request: Request) -> Response:
    body: Any = {"id": "n-1", "text": "done", "room": "lobby"}
    if line == "GET /me":
        body = {"id": "account-1", "name": "Acme of Ada"}
    if line == "POST /echo":
        body = {"headers": dict(request.headers), "base64": base64.b64encode(request.headers["X-Acme-Key"].encode()).decode()}
    if line == "PUT /file":
        return Response("{}", 200, {"ETag": "e-1"}, content_type="application/json")
    return Response(json.dumps(body), 200, content_type="application/json")


@dataclass
class House:
    """A hub without its front door."""

    settings: Settings
    store: Store
    vault: Vault
    catalog: Catalog
    edge: Edge
    integrations: Integrations
    files: Files
    actions: Actions
    project: Project
    actor: Actor
    peer: Peer

    async def connect(self, name: str = "main", provider: str = "acme", **changes: Any) -> Integration:
        """An integration with the canary as its key."""
        given: dict[str, Any] = {"credentials": {"api_key": CANARY}, "config": {"base_url": self.peer.url}}
        if provider == "other":
            given["config"] = {}
        project = changes.pop("project", self.project)
        return await self.integrations.create(project, self.actor, NewIntegration(name, provider, **(given | changes)))

    async def call(self, name: str = "acme.note.create", input: Any = None, **options: Any) -> Result:
        """Call an action of the test provider."""
        project = options.pop("project", self.project)
        given = {"text": "hello"} if input is None else input
        return await self.actions.invoke(project, self.actor, name, Invoke(given, **options))

    async def make_project(self, handle: str, mode: str = "live") -> Project:
        def add(session: Session) -> Project:
            project = Project(name=handle, handle=handle, mode=mode)
            session.add(project)
            return project

        return await self.store.write(add)

    async def all(self, table: Any, *where: Any) -> list[Any]:
        """Rows of a table."""
        return await self.store.read(lambda session: list(session.exec(select(table).where(*where))))

    async def audited(self, action: str, resource_id: str | None = None) -> list[Audit]:
        where = [col(Audit.action) == action] + ([col(Audit.resource_id) == resource_id] if resource_id else [])
        return await self.all(Audit, *where)

    def restarted(self) -> Actions:
        """The actions room of another process on the same data."""
        return Actions(self.store, self.vault, self.catalog, self.edge, self.vault.audit, self.settings, self.files)

    def bytes_on_disk(self) -> bytes:
        """Everything that lies in the data folder."""
        return b"\n".join(path.read_bytes() for path in self.settings.data.rglob("*") if path.is_file())


@pytest.fixture(scope="session")
def peer_server() -> Iterator[HTTPServer]:
    """One server for all tests: to stop one takes half a second."""
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        yield server


@pytest.fixture
def peer(peer_server: HTTPServer) -> Iterator[Peer]:
    peer_server.clear()
    peer = Peer(peer_server)
    yield peer
    peer.gate.set()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: quicker than to migrate for each test."""
    path = tmp_path_factory.mktemp("empty") / "powerstrip.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.engine.dispose()
    return path


@cache
def the_catalog() -> Catalog:
    """Described once: a catalog does not change."""
    return Catalog.of(make_acme(), make_other(), make_built_in())


@pytest.fixture
async def house(request: pytest.FixtureRequest, tmp_path: Path, peer: Peer, empty_database: Path) -> AsyncIterator[House]:
    """A hub on a fresh database, with one live project and nothing connected."""
    if request.node.get_closest_marker("on_postgresql") and "database_url" not in request.fixturenames:
        template = request.getfixturevalue("empty_postgresql")
        server = request.getfixturevalue("postgresql_server")
        url = server.url(server.copied_database(template))
    elif "database_url" in request.fixturenames:
        url = request.getfixturevalue("database_url")
        migrated(url)
    else:
        shutil.copy(empty_database, tmp_path / "powerstrip.db")
        url = f"sqlite:///{tmp_path / 'powerstrip.db'}"
    house = await open_house(tmp_path, url, peer)
    yield house
    await house.edge.close()
    await house.store.close()


def migrated(url: str) -> None:
    """Bring a database to the schema."""
    store = Store(url)
    store.migrate()
    store.engine.dispose()


async def open_house(data: Path, url: str, peer: Peer, **settings: Any) -> House:
    """The same by hand, on what may be there already."""
    chosen = Settings(data=data, allow_addresses=HERE, **settings)
    store = Store(url)
    await store.start()
    vault = Vault(store, load_master(chosen, {}))
    await vault.start()
    catalog = the_catalog()
    edge = Edge(chosen, vault.reveal, data / "streams")
    await edge.start()
    integrations = Integrations(store, vault, catalog, edge, vault.audit, chosen)
    files = Files(store, data / "files", vault.audit)
    actions = Actions(store, vault, catalog, edge, vault.audit, chosen, files)
    actor = Actor(None, "Ada", None, "laptop", "127.0.0.1", "tests")
    house = House(chosen, store, vault, catalog, edge, integrations, files, actions, Project(name="", handle=""), actor, peer)
    found = await house.all(Project, col(Project.handle) == "main")
    house.project = found[0] if found else await house.make_project("main")
    return house


def leaks(text: str | bytes, secret: str = CANARY) -> list[str]:
    """The forms of a secret that a text holds: as it is, escaped, hex, base64 at any place, and any 12 characters of it."""
    haystack = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    raw = secret.encode()
    forms = {secret, quote(secret), json.dumps(secret)[1:-1], raw.hex(), raw.hex().upper()}
    forms |= {secret[at : at + 12] for at in range(len(secret) - 11)}
    for offset in range(3):
        forms.add(base64.b64encode(b"\0" * offset + raw).decode()[(0, 2, 3)[offset] : -4])
    return sorted(form for form in forms if form.encode() in haystack)


async def eventually(true: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be"
        await asyncio.sleep(0.01)
