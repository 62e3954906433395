"""What may be shown of an integration's access token: when it ends, what it may do, what it may not, and what went wrong."""

from collections.abc import Collection

from sqlmodel import Session, col

from powerstrip.adapter import Adapter, TokenAuth
from powerstrip.store import AccessToken, Integration, scope
from powerstrip.value import Value


class TokenState(Value):
    """Times are stamps. `granted` is None where the provider never said; `missing` are declared scopes that were not granted."""

    expires_at: str | None
    fetched_at: str | None
    renewable: bool
    granted: tuple[str, ...] | None
    missing: tuple[str, ...]
    problem: str
    """Why there was no new token the last time, empty where there was one."""


def token_states(session: Session, project_id: str, integrations: Collection[Integration]) -> dict[str, AccessToken]:
    """The rows of these integrations' current tokens, by the integration's id."""
    versions = {each.id: each.credential_version for each in integrations}
    found = scope(session, project_id).all(AccessToken, col(AccessToken.integration_id).in_(list(versions)))
    return {row.integration_id: row for row in found if versions[row.integration_id] == row.version}


def state_of(row: AccessToken, adapter: Adapter | None, auth_kind: str) -> TokenState:
    """What a row tells, held against what the adapter's auth value asks for."""
    granted = None if row.scopes is None else tuple(row.scopes)
    auths = adapter.auths if adapter else ()
    asked = next((auth.scopes for auth in auths if isinstance(auth, TokenAuth) and auth.kind == auth_kind), ())
    missing = () if granted is None else tuple(each for each in asked if each not in granted)
    return TokenState(row.expires_at, row.fetched_at, row.renewable, granted, missing, row.problem)
