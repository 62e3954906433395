"""Secrets of endpoints: made, kept sealed, read for a verification."""

import base64
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session, col, select

from powerstrip.adapter import BasicPassword, StandardWebhooks, Verify
from powerstrip.clock import now, rfc3339, stamp
from powerstrip.inbound.verifying import check_secret
from powerstrip.problems import BadInput
from powerstrip.store import Endpoint, EndpointSecret, scope
from powerstrip.vault import Place, SealedColumn, Vault, register

USER = "powerstrip"
"""The user name in addresses of endpoints with a password."""
BYTES = 32


def new_secret(scheme: Verify, given: str | None) -> str | None:
    """The secret to keep: made here, or the one that the provider made; None while it is not there yet.

    Raises `BadInput` for one that this scheme cannot use, or does not take.
    """
    if scheme.made_by == "none":
        if given is not None:
            raise BadInput("This provider signs nothing: leave `secret` out")
        return None
    made = make_secret(scheme) if given is None and scheme.made_by == "hub" else given
    if made is not None:
        check_secret(scheme, made)
    return made


def make_secret(scheme: Verify) -> str:
    """A secret in the form that the scheme takes."""
    if isinstance(scheme, BasicPassword):
        return f"{USER}:{secrets.token_urlsafe(BYTES)}"
    if isinstance(scheme, StandardWebhooks):
        return f"whsec_{base64.b64encode(secrets.token_bytes(BYTES)).decode()}"
    return secrets.token_urlsafe(BYTES)


def keep_secret(session: Session, vault: Vault, endpoint: Endpoint, secret: str, overlap_seconds: int = 0) -> EndpointSecret:
    """Make this the endpoint's secret, and give its row. The one before is taken `overlap_seconds` more, older ones no longer."""
    until = rfc3339(now() + timedelta(seconds=overlap_seconds))
    for older in _rows(session, endpoint.id):
        if older.expires_at is not None or overlap_seconds == 0:
            scope(session, endpoint.project_id).delete(older)
        else:
            older.expires_at = until
            session.add(older)
    row = EndpointSecret(project_id=endpoint.project_id, endpoint_id=endpoint.id, sealed=b"", data_key_id="")
    sealed = vault.seal(session, secret_place(row.project_id, row.id), secret.encode())
    row.sealed, row.data_key_id = sealed.blob, sealed.data_key_id
    scope(session, endpoint.project_id).add(row)
    return row


def drop_secrets(session: Session, endpoint: Endpoint) -> None:
    """Remove every secret of an endpoint."""
    for row in _rows(session, endpoint.id):
        scope(session, endpoint.project_id).delete(row)


def open_secrets(session: Session, vault: Vault, endpoint: Endpoint) -> list[str]:
    """The secrets that are taken now, the current one first."""
    at = stamp()
    live = [row for row in _rows(session, endpoint.id) if row.expires_at is None or row.expires_at > at]
    live.sort(key=lambda row: (row.expires_at is not None, row.created_at))
    return [vault.open(session, secret_place(row.project_id, row.id), row.sealed).decode() for row in live]


def current_secret(session: Session, vault: Vault, endpoint: Endpoint) -> tuple[str, str] | None:
    """Id and text of the secret that is given to the provider; None while there is none."""
    rows = [row for row in _rows(session, endpoint.id) if row.expires_at is None]
    if not rows:
        return None
    row = max(rows, key=lambda each: each.created_at)
    return row.id, vault.open(session, secret_place(row.project_id, row.id), row.sealed).decode()


def kept_since(session: Session, endpoint_id: str) -> str | None:
    """Since when the current secret is kept; None while there is none."""
    return max((row.created_at for row in _rows(session, endpoint_id) if row.expires_at is None), default=None)


def secret_place(project_id: str, id: str) -> Place:
    """Where a sealed secret belongs."""
    return Place(project_id, id, "endpoint_secret")


register(SealedColumn(EndpointSecret, "sealed", lambda _, row: secret_place(row.project_id, row.id), data_key="data_key_id"))


def _rows(session: Session, endpoint_id: str) -> Sequence[EndpointSecret]:
    return session.exec(select(EndpointSecret).where(col(EndpointSecret.endpoint_id) == endpoint_id)).all()
