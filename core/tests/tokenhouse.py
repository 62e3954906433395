"""A hub whose provider, on loopback, gives access tokens: what the tests of tokens share."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from callhouse import CANARY, House, Note, NoteIn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlmodel import Session, col

from powerstrip.actions import Actions
from powerstrip.adapter import Account, Adapter, Auth, ClientCredentials, Http, Model, OAuth2
from powerstrip.catalog import Catalog
from powerstrip.connect import Integrations, NewIntegration
from powerstrip.connect.tokens import Ahead, Client, Exchange, Grant, Pace, Tokens
from powerstrip.problems import Problem
from powerstrip.store import AccessToken, Integration, scope

SECRET = f"{CANARY}-client-secret"
FIRST, SECOND, THIRD = (f"{CANARY}-access-{number}" for number in (1, 2, 3))
REFRESH, REFRESHED = f"{CANARY}-refresh-1", f"{CANARY}-refresh-2"
SCOPES = ("notes:read", "notes:write")
CLIENT = Client(id="hub-client", secret=SECRET, method="post")


class Config(Model):
    base_url: str = ""


def pem(key: Any) -> str:
    """A private key as an admin pastes it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP384R1())


def make_adapter(*auths: Auth, hosts: tuple[str, ...] = ()) -> Adapter:
    """A provider that signs in by tokens."""
    adapter = Adapter(
        id="tick",
        title="Tick",
        base_url="https://api.tick.example",
        base_url_field="base_url",
        config=Config,
        auth=auths,
        hosts=hosts,
    )

    @adapter.action("note.create")
    async def create(http: Http, note: NoteIn) -> Note:
        """Create a note."""
        return await http.post("/notes", json=note, returns=Note)

    @adapter.account
    async def whoami(http: Http) -> Account:
        body = await http.get("/me")
        return Account(id=str(body["id"]), name=str(body["name"]))

    return adapter


def token(access: str = FIRST, **more: Any) -> dict[str, Any]:
    """A token endpoint's answer."""
    return {"access_token": access, "token_type": "Bearer", "expires_in": 3600} | more


@dataclass
class TokenHouse:
    """The hub's rooms over one adapter, and the tokens between them."""

    house: House
    adapter: Adapter
    tokens: Tokens
    exchange: Exchange
    ahead: Ahead

    async def connect(self, name: str = "main", **changes: Any) -> Integration:
        """An integration by client credentials."""
        given: dict[str, Any] = {
            "credentials": {"client_id": "tick-client", "client_secret": SECRET},
            "config": {"base_url": self.house.peer.url},
        }
        probe = changes.pop("probe", False)
        project = changes.pop("project", self.house.project)
        new = NewIntegration(name, "tick", **(given | changes))
        return await self.house.integrations.create(project, self.house.actor, new, probe=probe)

    async def consented(self, **grant: Any) -> Integration:
        """An integration as a consent leaves it."""
        house = self.house
        given: dict[str, Any] = {"access_token": FIRST, "refresh_token": REFRESH, "scopes": SCOPES} | grant

        def add(session: Session) -> Integration:
            row = Integration(
                project_id=house.project.id,
                provider="tick",
                name="consent",
                name_key="consent",
                auth_kind="oauth2",
                config={"base_url": house.peer.url},
                origin=house.peer.url,
            )
            scope(session, house.project.id).add(row)
            self.tokens.keep_grant(session, row, Grant(**given), house.actor)
            return row

        return await house.store.write(add)

    async def call(self, **options: Any) -> Any:
        return await self.house.call("tick.note.create", **options)

    async def call_raises(self) -> str:
        """The code of the problem that a call meets before it begins."""
        try:
            await self.call()
        except Problem as problem:
            return problem.code
        return ""

    async def row(self, id: str) -> AccessToken:
        (row,) = await self.house.all(AccessToken, col(AccessToken.integration_id) == id)
        return row

    async def integration(self, id: str) -> Integration:
        return await self.house.integrations.get(self.house.project.id, id)

    def tokens_sent(self) -> list[str]:
        """The bearer tokens of the calls, in turn."""
        seen = self.house.peer.requests
        return [heads["authorization"].removeprefix("Bearer ") for line, heads, _ in seen if line == "POST /notes"]

    def asked(self) -> list[dict[str, str]]:
        """The forms that came to the token endpoint."""
        forms = [body.decode() for line, _, body in self.house.peer.requests if line == "POST /token"]
        return [{name: values[0] for name, values in parse_qs(form).items()} for form in forms]


def settle(house: House, adapter: Adapter, client: Client | None = CLIENT, pace: Pace | None = None) -> TokenHouse:
    """Put the adapter and the tokens into a house. Once more for what another process would be."""
    catalog = Catalog.of(adapter)
    audit, settings = house.vault.audit, house.settings
    exchange = Exchange(house.edge)

    async def clients(provider: str) -> Client | None:
        return client

    tokens = Tokens(house.store, house.vault, audit, exchange, clients, pace or Pace(poll=0.01))
    house.edge.use_tokens(tokens.access)
    house.catalog = catalog
    house.integrations = Integrations(house.store, house.vault, catalog, house.edge, audit, settings)
    house.actions = Actions(house.store, house.vault, catalog, house.edge, audit, settings, house.files)
    return TokenHouse(house, adapter, tokens, exchange, Ahead(house.store, house.vault, catalog, settings, tokens))


def both_kinds(url: str) -> Adapter:
    """The usual test provider: client credentials, or consent."""
    return make_adapter(
        ClientCredentials(token_url=f"{url}/token", scopes=SCOPES),
        OAuth2(authorize_url=f"{url}/authorize", token_url=f"{url}/token", revoke_url=f"{url}/revoke", scopes=SCOPES),
    )


Made = Callable[..., TokenHouse]


def maker(house: House) -> Made:
    """`make(auth, …)` settles a house with these ways to sign in."""
    return partial(_made, house)


def _made(house: House, *auths: Auth, **more: Any) -> TokenHouse:
    return settle(house, make_adapter(*auths, **more))


def unsigned(jwt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A JWT's header and claims."""
    head, claims, _ = jwt.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, claims))  # type: ignore[return-value]
