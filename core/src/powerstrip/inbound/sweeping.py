"""What is not kept for good: raw deliveries and refused ones."""

from sqlalchemy import Connection, bindparam, delete, null, update
from sqlmodel import col

from powerstrip.clock import stamp
from powerstrip.inbound.seen import sweep_tokens
from powerstrip.store import EndpointSecret, Prepared, ProviderEvent

_raw = Prepared(
    update(ProviderEvent)
    .where(col(ProviderEvent.raw_until) < bindparam("now"))
    .values(raw=null(), raw_until=null(), data_key_id=null())
)
_refused = Prepared(
    delete(ProviderEvent).where(col(ProviderEvent.status) == "refused", col(ProviderEvent.received_at) < bindparam("before"))
)
_secrets = Prepared(delete(EndpointSecret).where(col(EndpointSecret.expires_at) < bindparam("now")))


def sweep(connection: Connection, refused_before: str) -> int:
    """Remove raw deliveries whose time is over, refusals from before, secrets no longer taken. Gives how many raw ones went."""
    now = stamp()
    _secrets.run(connection, now=now)
    sweep_tokens(connection)
    _refused.run(connection, before=refused_before)
    return _raw.run(connection, now=now)
