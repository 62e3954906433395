"""Consents, links for people without an account, and the platform's OAuth clients."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, cast

from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import ConnectSession, Consent, PlatformApp

Way: TypeAlias = Literal["callback", "loopback", "paste", "device"]


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


class Consents:
    """Connects providers by a person's consent in a browser."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("integrations", "connect")

    async def begin(
        self,
        provider: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        scopes: Sequence[str] | None = None,
        auth_kind: str | None = None,
        way: Way | None = None,
        redirect_uri: str | None = None,
        return_to: str | None = None,
    ) -> Consent:
        """Begin; `authorize_url` is for the person's browser, and good once within ten minutes."""
        body = _given(provider=provider, name=name, config=config, scopes=scopes, auth_kind=auth_kind)
        body |= _given(way=way, redirect_uri=redirect_uri, return_to=return_to)
        return await self._session.ask("POST", self._root, body=body)

    async def again(
        self,
        integration_id: str,
        *,
        scopes: Sequence[str] | None = None,
        accept_other_account: bool = False,
        way: Way | None = None,
        redirect_uri: str | None = None,
    ) -> Consent:
        """Connect an integration again. Scopes that were granted are asked for too."""
        body = _given(integration_id=integration_id, scopes=scopes, way=way, redirect_uri=redirect_uri)
        return await self._session.ask("POST", self._root, body=body | _given(accept_other_account=accept_other_account or None))

    async def get(self, id: str) -> Consent:
        """How it stands."""
        return await self._session.get(self._root + path(id))

    async def answer(self, id: str, answer: str) -> Consent:
        """End a consent with the code, or the whole address, that came to this machine."""
        return await self._session.ask("POST", self._root + path(id, "answer"), body={"answer": answer})


class ConnectSessions:
    """Links with which somebody without an account connects one provider, once."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("connect-sessions")

    async def create(
        self,
        provider: str,
        name: str,
        *,
        expires_at: str | None = None,
        auth_kinds: Sequence[str] | None = None,
        scopes: Sequence[str] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> ConnectSession:
        """Make a link; its `url` is shown this once."""
        body = _given(provider=provider, name=name, expires_at=expires_at, auth_kinds=auth_kinds, scopes=scopes, config=config)
        return await self._session.ask("POST", self._root, body=body)

    def list(self) -> Pages[ConnectSession]:
        """The project's links, newest first."""
        return Pages(self._session, self._root, {})

    async def get(self, id: str) -> ConnectSession:
        """One link."""
        return await self._session.get(self._root + path(id))

    async def revoke(self, id: str) -> None:
        """Take a link back."""
        await self._session.ask("DELETE", self._root + path(id))


class PlatformApps:
    """This hub as an OAuth client of its providers; for the hub's owner."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._root = path("v1", "platform", "apps")

    async def list(self) -> list[PlatformApp]:
        """Every client, without its secret."""
        answer = await self._session.get(self._root)
        return cast(list[PlatformApp], answer["items"])

    async def set(
        self, provider: str, client_id: str, client_secret: str = "", *, method: Literal["basic", "post", "none"] | None = None
    ) -> PlatformApp:
        """Set a provider's client; its `redirect_uri` is what to register there."""
        body = _given(client_id=client_id, client_secret=client_secret or None, method=method)
        return await self._session.ask("PUT", self._root + path(provider), body=body)

    async def delete(self, provider: str) -> None:
        """Forget a provider's client."""
        await self._session.ask("DELETE", self._root + path(provider))
