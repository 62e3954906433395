"""How integrations come to be: OAuth clients of the platform, consents on their way, links for people without an account."""

from typing import Any

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field

from powerstrip.clock import stamp
from powerstrip.store.tables.base import Table, id_column, json_column, list_column, project_column


class PlatformApp(Table, table=True):
    """This hub as an OAuth client of one provider. It belongs to no project; the secret is sealed by a key of the platform."""

    provider: str = Field(primary_key=True, max_length=64)
    client_id: str
    method: str
    """How the client proves itself at the token endpoint: `basic`, `post` or `none`."""
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    updated_at: str = Field(default_factory=stamp)


class Consent(Table, table=True):
    """One person on the way through a provider's consent. Single use; `state_hash` goes once the answer has come."""

    id: str = id_column("con")
    project_id: str = project_column()
    principal_id: str | None = Field(default=None, max_length=40)
    actor_name: str = ""
    key_id: str | None = None
    key_name: str | None = None
    session_id: str | None = Field(default=None, index=True, max_length=40)
    """The connect session whose person is asked."""
    integration_id: str | None = Field(default=None, max_length=40)
    """To be reconnected; else the one that was made."""
    reconnects: bool = False
    accept_other_account: bool = False
    provider: str = Field(max_length=64)
    auth_kind: str
    client_id: str
    name: str
    mode: str = "live"
    config: dict[str, Any] = json_column()
    scopes: list[str] = list_column()
    """Those that were asked for."""
    granted: list[str] = list_column()
    way: str
    """`callback`, `loopback`, `paste` or `device`."""
    redirect_uri: str = ""
    return_to: str = ""
    state_hash: str | None = Field(default=None, unique=True, max_length=64)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """The PKCE verifier; of a device flow the device code."""
    status: str = "pending"
    reason_code: str = ""
    reason: str = ""
    due_at: str | None = None
    """When the provider of a device flow may be asked again."""
    interval_seconds: int = 0
    created_at: str = Field(default_factory=stamp)
    expires_at: str = Field(index=True)
    finished_at: str | None = None


class ConnectSession(Table, table=True):
    """A link with which a person without an account connects one provider for one project, once."""

    id: str = id_column("cs")
    project_id: str = project_column()
    provider: str = Field(max_length=64)
    name: str
    auth_kinds: list[str] = list_column()
    scopes: list[str] = list_column()
    config: dict[str, Any] = json_column()
    token_hash: str = Field(unique=True, max_length=64)
    status: str = "open"
    browser_hash: str | None = Field(default=None, max_length=64)
    """The browser that began a consent: no other ends it."""
    integration_id: str | None = Field(default=None, max_length=40)
    created_by: str | None = None
    created_at: str = Field(default_factory=stamp)
    expires_at: str
    finished_at: str | None = None
