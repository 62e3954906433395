"""A webhook's signing keys: made here, sealed, told once, replaced with an overlap."""

from datetime import timedelta
from secrets import token_bytes

from sqlalchemy import Connection
from sqlmodel import Session, col, delete, select

from powerstrip.clock import new_id, now, rfc3339, stamp
from powerstrip.outbound.signing import KEY_BYTES, SigningKey
from powerstrip.store import Actor, Webhook, WebhookSecret
from powerstrip.vault import Place, SealedColumn, Vault, register

FIELD = "signing_key"


class Secrets:
    """Makes and opens signing keys, in the caller's transaction."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def issue(self, session: Session, webhook: Webhook, actor: Actor, overlap: float = 0.0) -> SigningKey:
        """A new key for a webhook. The one before it signs for `overlap` seconds more; older ones are forgotten."""
        until, mine = rfc3339(now() + timedelta(seconds=overlap)), col(WebhookSecret.webhook_id) == webhook.id
        for row in session.exec(select(WebhookSecret).where(mine)):
            if row.version < webhook.secret_version or overlap <= 0:
                session.delete(row)
            else:
                row.expires_at = until
                session.add(row)
        webhook.secret_version += 1
        key = SigningKey(webhook.secret_version, token_bytes(KEY_BYTES))
        secret_id = new_id("whsec")
        sealed = self._vault.seal(session, _place(webhook.project_id, secret_id), key.key)
        session.add(
            WebhookSecret(
                id=secret_id,
                project_id=webhook.project_id,
                webhook_id=webhook.id,
                version=key.version,
                sealed=sealed.blob,
                data_key_id=sealed.data_key_id,
                created_by=actor.principal_id,
            )
        )
        session.flush()
        return key

    def forget(self, session: Session, webhook_id: str) -> None:
        """Remove every version."""
        session.exec(delete(WebhookSecret).where(col(WebhookSecret.webhook_id) == webhook_id))

    def valid(self, connection: Connection, webhook_id: str) -> tuple[SigningKey, ...]:
        """The keys that sign now, the newest first. Raises `SealBroken`."""
        query = (
            select(WebhookSecret.id, WebhookSecret.project_id, WebhookSecret.version, WebhookSecret.sealed)
            .where(col(WebhookSecret.webhook_id) == webhook_id)
            .where(col(WebhookSecret.expires_at).is_(None) | (col(WebhookSecret.expires_at) > stamp()))
            .order_by(col(WebhookSecret.version).desc())
        )
        return tuple(
            SigningKey(row.version, self._vault.open(connection, _place(row.project_id, row.id), bytes(row.sealed)))
            for row in connection.execute(query)
        )


def _place(project_id: str, secret_id: str) -> Place:
    return Place(project_id, secret_id, FIELD)


register(SealedColumn(WebhookSecret, "sealed", lambda _, row: _place(row.project_id, row.id), data_key="data_key_id"))
