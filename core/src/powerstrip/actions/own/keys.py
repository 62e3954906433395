"""Signing keys of HTTP actions: sealed with the action, versioned, and opened for the edge alone."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from secrets import token_bytes
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session

from powerstrip.clock import now, rfc3339, stamp
from powerstrip.edge import KEY_BYTES, SigningKey
from powerstrip.store import OwnAction
from powerstrip.value import Value
from powerstrip.vault import Place, SealedColumn, SealedCredential, Vault, register


class OwnKeys(Value):
    """The keys that sign one call, still sealed."""

    current: SealedCredential
    previous: SealedCredential | None = None


def revealing(vault: Vault) -> Callable[[Any], Mapping[str, str]]:
    """What opens credentials for the edge: those of integrations, and the keys of own actions."""

    def reveal(credential: Any) -> Mapping[str, str]:
        if not isinstance(credential, OwnKeys):
            return vault.reveal(credential)
        found = vault.reveal(credential.current)
        if credential.previous is not None:
            found = {**found, "previous_key": vault.reveal(credential.previous)["signing_key"]}
        return found

    return reveal


def issue(vault: Vault, session: Session, row: OwnAction, overlap: float = 0.0) -> SigningKey:
    """A new key for an action. The one before it signs for `overlap` seconds more."""
    if row.secret_sealed is not None and overlap > 0:
        row.previous_secret_sealed, row.previous_secret_data_key_id = row.secret_sealed, row.secret_data_key_id
        row.previous_secret_until = rfc3339(now() + timedelta(seconds=overlap))
    else:
        row.previous_secret_sealed = row.previous_secret_data_key_id = row.previous_secret_until = None
    row.secret_version += 1
    key = SigningKey(row.secret_version, token_bytes(KEY_BYTES))
    plain = json.dumps({"signing_key": key.text}).encode("ascii")
    sealed = vault.seal(session, _place(row.project_id, row.id, row.secret_version), plain)
    row.secret_sealed, row.secret_data_key_id = sealed.blob, sealed.data_key_id
    session.add(row)
    session.flush()
    return key


def keys_of(vault: Vault, connection: Connection, row: Any) -> OwnKeys:
    """The keys that sign now, from the action's row. Raises `SealBroken`."""
    version: int = row.secret_version
    current = vault.sealed_at(connection, _place(row.project_id, row.id, version), bytes(row.secret_sealed))
    if row.previous_secret_sealed is None or (row.previous_secret_until or "") <= stamp():
        return OwnKeys(current)
    place = _place(row.project_id, row.id, version - 1)
    return OwnKeys(current, vault.sealed_at(connection, place, bytes(row.previous_secret_sealed)))


def signing_keys(credentials: Mapping[str, str], version: int) -> list[SigningKey]:
    """The opened keys, the newest first."""
    keys = [SigningKey(version, base64.b64decode(credentials["signing_key"]))]
    if previous := credentials.get("previous_key"):
        keys.append(SigningKey(version - 1, base64.b64decode(previous)))
    return keys


def _place(project_id: str, action_id: str, version: int) -> Place:
    """The version is part of the place: an older key put back by hand does not open."""
    return Place(project_id, action_id, f"signing_key/{version}")


register(
    SealedColumn(
        OwnAction,
        "secret_sealed",
        lambda _, row: _place(row.project_id, row.id, row.secret_version),
        data_key="secret_data_key_id",
    )
)
register(
    SealedColumn(
        OwnAction,
        "previous_secret_sealed",
        lambda _, row: _place(row.project_id, row.id, row.secret_version - 1),
        data_key="previous_secret_data_key_id",
    )
)
