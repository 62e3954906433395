"""A credential that the provider refused: its integration expires, until it gets another."""

from sqlalchemy import Connection, bindparam, update
from sqlmodel import col

from powerstrip.clock import stamp
from powerstrip.connect.binding import Link
from powerstrip.connect.running import one_line
from powerstrip.store import Actor, AuditLog, Integration, Prepared

HUB = Actor(None, "hub")
"""Who acts when nobody asked for it."""

_expire = Prepared(
    update(Integration)
    .where(
        col(Integration.project_id) == bindparam("of_project"),
        col(Integration.id) == bindparam("of_id"),
        col(Integration.status) == "active",
        col(Integration.credential_version) == bindparam("of_version"),
        col(Integration.origin) == bindparam("of_origin"),
    )
    .values(status=bindparam("to_status"), status_reason=bindparam("to_reason"), updated_at=bindparam("to_time"))
)


def expire(connection: Connection, audit: AuditLog, link: Link, reason: str) -> bool:
    """Mark an integration expired after `AuthFailed`, with the provider's words, in a `store.hot` transaction.

    Nothing happens when the credential was replaced or sent elsewhere since the call began: an old answer says nothing of a
    new credential. Returns whether it was marked.
    """
    marked = _expire.run(
        connection,
        of_project=link.project_id,
        of_id=link.id,
        of_version=link.version,
        of_origin=link.origin,
        to_status="expired",
        to_reason=one_line(reason) or "The provider refused the credential",
        to_time=stamp(),
    )
    if not marked:
        return False
    changes = {"fields": ["status"], "status": {"before": "active", "after": "expired"}}
    audit.append(
        connection, HUB, "update", "integration", link.id, project_id=link.project_id, resource_name=link.name, changes=changes
    )
    return True
