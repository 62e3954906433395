"""This hub as an OAuth client of its providers: id and secret for each, set by the operator and sealed."""

import asyncio
from typing import Any

from sqlmodel import Session, col, select

from powerstrip.adapter.token_auth import ClientAuth
from powerstrip.catalog import Catalog
from powerstrip.clock import stamp
from powerstrip.connect.consent.values import oauth2_of
from powerstrip.connect.forms import refuse_placeholders
from powerstrip.connect.tokens import Client
from powerstrip.problems import BadInput, NotFound, Unprocessable
from powerstrip.store import Actor, AuditLog, PlatformApp, Store
from powerstrip.value import Hidden, Value
from powerstrip.vault import Place, SealedColumn, Vault, register

MAX_ID, MAX_SECRET = 512, 4096
MIN_SECRET = 8


class NewApp(Value):
    """An OAuth client as the provider registered it. `method` None takes the adapter's; "none" is a client without a secret."""

    client_id: str
    client_secret: Hidden[str] = ""
    method: ClientAuth | None = None


class Apps:
    """The OAuth clients of the platform. What it returns are rows, whose secret is sealed; `client` alone opens it."""

    def __init__(self, store: Store, vault: Vault, catalog: Catalog, audit: AuditLog) -> None:
        self._store = store
        self._vault = vault
        self._catalog = catalog
        self._audit = audit

    async def set(self, actor: Actor, provider: str, new: NewApp) -> PlatformApp:
        """Make this the provider's client, in place of any before.

        Raises `NotFound` for an unknown provider, `Unprocessable` for one without OAuth or a placeholder, and `BadInput`.
        """
        auth = oauth2_of(await asyncio.to_thread(self._catalog.adapter, provider))
        method = new.method or auth.client_auth
        _check(new, method)
        sealed = self._vault.seal_platform(_place(provider, new.client_id), new.client_secret.encode())

        def keep(session: Session) -> PlatformApp:
            row = session.get(PlatformApp, provider) or PlatformApp(provider=provider, client_id="", method="", sealed=b"")
            known = row.client_id != ""
            row.client_id, row.method, row.sealed, row.updated_at = new.client_id, method, sealed, stamp()
            row.created_by = row.created_by or actor.principal_id
            session.add(row)
            facts = {"fields": ["client_id", "client_secret", "method"], "client_id": {"after": new.client_id}}
            self._record(session, actor, "update" if known else "create", provider, facts)
            return row

        return await self._store.write(keep)

    async def list(self) -> list[PlatformApp]:
        """Every client, by provider."""
        return await self._store.read(lambda session: list(session.exec(select(PlatformApp).order_by(col(PlatformApp.provider)))))

    async def providers(self) -> frozenset[str]:
        """The ids of the providers that have a client, as the catalog's readiness asks for them."""
        return frozenset(await self._store.read(lambda session: list(session.exec(select(PlatformApp.provider)))))

    async def delete(self, actor: Actor, provider: str) -> None:
        """Forget the provider's client. Integrations keep their tokens, which can no longer be renewed. Raises `NotFound`."""

        def remove(session: Session) -> None:
            row = session.get(PlatformApp, provider)
            if row is None:
                raise NotFound("No OAuth client is configured for this provider")
            session.delete(row)
            self._record(session, actor, "delete", provider, {"client_id": {"before": row.client_id}})

        await self._store.write(remove)

    async def client(self, provider: str) -> Client | None:
        """The provider's client with its secret, None where none is configured. Raises `SealBroken`."""
        row: PlatformApp | None = await self._store.read(lambda session: session.get(PlatformApp, provider))
        if row is None:
            return None
        secret = self._vault.open_platform(_place(provider, row.client_id), row.sealed).decode()
        return Client(id=row.client_id, secret=secret, method=_method(row.method))

    async def required(self, provider: str, title: str) -> Client:
        """The same. Raises `Unprocessable` where none is configured, with what to do about it."""
        found = await self.client(provider)
        if found is None:
            raise Unprocessable(
                f"OAuth client id and secret are not configured for {title}: "
                f"the hub's operator sets them with `powerstrip apps set {provider}`",
                code="no_platform_app",
            )
        return found

    def _record(self, session: Session, actor: Actor, action: str, provider: str, changes: dict[str, Any]) -> None:
        self._audit.append(session, actor, action, "platform_app", provider, resource_name=provider, changes=changes)


def _place(provider: str, client_id: str) -> Place:
    return Place("", f"{provider}/{client_id}", "client_secret", "platform")


register(SealedColumn(PlatformApp, "sealed", lambda _, row: _place(row.provider, row.client_id), key="provider", project=None))


def _method(text: str) -> ClientAuth:
    if text == "basic":
        return "basic"
    return "none" if text == "none" else "post"


def _check(new: NewApp, method: ClientAuth) -> None:
    refuse_placeholders({"client_id": new.client_id, "client_secret": new.client_secret or "none"})
    _check_text("client_id", new.client_id, 1, MAX_ID)
    if method == "none":
        if new.client_secret:
            raise _bad("client_secret", "A client of the method none has no secret: leave it out")
        return
    _check_text("client_secret", new.client_secret, MIN_SECRET, MAX_SECRET)


def _check_text(field: str, text: str, lowest: int, highest: int) -> None:
    if not (lowest <= len(text) <= highest and text.isascii() and text.isprintable() and text.strip() == text):
        raise _bad(field, f"Give {lowest} to {highest} printable ASCII characters without blanks around them")


def _bad(field: str, message: str) -> BadInput:
    return BadInput(
        f"The OAuth client is not valid: {field}: {message}", details={"errors": [{"path": field, "message": message}]}
    )
