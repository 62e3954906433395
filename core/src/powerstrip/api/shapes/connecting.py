"""OAuth clients of the platform, consents, and links for people without an account."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from powerstrip import store
from powerstrip.api.shapes.base import Asked, Id, Name, Object, Told
from powerstrip.api.times import Time
from powerstrip.connect import consent

ClientAuth = Literal["basic", "post", "none"]
Way = Literal["callback", "loopback", "paste", "device"]


class SetPlatformAppRequest(Asked):
    """This hub as an OAuth client, as the provider registered it."""

    client_id: str = Field(max_length=600)
    client_secret: str = Field(default="", max_length=5000, repr=False)
    """Sealed, and never given back. Empty for a client of the method `none`."""
    method: ClientAuth | None = None
    """How the client proves itself; as the provider's adapter says where it is left out."""


class PlatformApp(Told):
    """An OAuth client. `redirect_uri` is what to register at the provider; left out while the hub has no address."""

    provider: str
    client_id: str
    method: ClientAuth
    has_secret: bool
    redirect_uri: str | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.PlatformApp, redirect_uri: str | None) -> "PlatformApp":
        """From the row."""
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        return cls.model_validate(facts | {"has_secret": row.method != "none", "redirect_uri": redirect_uri})


class PlatformAppListResponse(Told):
    """Every OAuth client of the platform."""

    items: list[PlatformApp]


class ConnectIntegrationRequest(Asked):
    """What to connect: a provider under a new name, or an integration again."""

    provider: str | None = Field(default=None, max_length=200)
    name: Name | None = None
    config: Object = Field(default_factory=dict[str, Any])
    scopes: list[str] | None = None
    """What to ask for; the provider's usual scopes where it is left out. Connecting again keeps what was granted."""
    auth_kind: str | None = Field(default=None, max_length=80)
    integration_id: Id | None = None
    """Connect this integration again, in place of `provider` and `name`."""
    accept_other_account: bool = False
    """Take the consent of another account than the integration's."""
    way: Way = "callback"
    """How the answer comes back: to the hub, to the admin's own machine, by hand, or over a code at another device."""
    redirect_uri: str = Field(default="", max_length=300)
    """With `loopback`: http://127.0.0.1:PORT/callback/PROVIDER."""
    return_to: str = Field(default="", max_length=2000)
    """Where the browser goes afterwards: one of the operator's list, letter by letter."""


class ConsentAnswerRequest(Asked):
    """What came back to the admin's machine."""

    answer: str = Field(max_length=20_000, repr=False)
    """The code, or the whole address that the browser was sent to."""


class Consent(Told):
    """A consent on its way, or its end. `authorize_url` and `user_code` are there when it begins, and not again."""

    id: str
    status: Literal["pending", "connected", "failed"]
    provider: str
    name: str
    way: Way
    scopes: list[str]
    granted_scopes: list[str] | None = None
    missing_scopes: list[str] | None = None
    integration_id: str | None = None
    reason: str | None = None
    reason_code: str | None = None
    redirect_uri: str | None = None
    authorize_url: str | None = None
    user_code: str | None = None
    interval_seconds: int | None = None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, row: store.Consent) -> "Consent":
        """From the row."""
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        more = {
            "status": "pending" if row.status == "working" else row.status,
            "granted_scopes": row.granted or None,
            "missing_scopes": consent.missing_scopes(row) or None,
            "integration_id": row.integration_id if row.reconnects or row.status == "connected" else None,
            "interval_seconds": row.interval_seconds or None,
        }
        texts = {name: getattr(row, name) or None for name in ("reason", "reason_code", "redirect_uri")}
        return cls.model_validate(facts | texts | more)

    @classmethod
    def begun(cls, begun: consent.Begun) -> "Consent":
        """From one that was just begun."""
        links = {"authorize_url": begun.authorize_url, "user_code": begun.user_code or None}
        return cls.of(begun.consent).model_copy(update=links)


class CreateConnectSessionRequest(Asked):
    """A link with which somebody without an account connects one provider, once."""

    provider: str = Field(max_length=200)
    name: Name
    expires_at: Time | None = None
    """At most a day from now, which is also what is taken where it is left out."""
    auth_kinds: list[str] = Field(default_factory=list[str], max_length=20)
    """The ways to sign in that are offered; all of the provider's where it is empty."""
    scopes: list[str] | None = None
    config: Object = Field(default_factory=dict[str, Any])


class ConnectSession(Told):
    """A link. `url` is there when it is made, and not again."""

    id: str
    provider: str
    name: str
    status: Literal["open", "used", "revoked", "expired"]
    auth_kinds: list[str]
    scopes: list[str]
    config: Object
    integration_id: str | None = None
    url: str | None = None
    created_by: str | None = None
    created_at: datetime
    expires_at: datetime
    finished_at: datetime | None = None

    @classmethod
    def of(cls, row: store.ConnectSession, url: str | None = None) -> "ConnectSession":
        """From the row."""
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        return cls.model_validate(facts | {"status": consent.state_of(row), "url": url})


class ConnectSessionListResponse(Told):
    """A page of links."""

    items: list[ConnectSession]
    next_cursor: str | None = None
    has_more: bool
