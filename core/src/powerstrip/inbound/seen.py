"""One-time tokens of providers, remembered so that a delivery cannot be told again with another content."""

import hashlib
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, select
from sqlmodel import col

from powerstrip.clock import now, rfc3339, stamp
from powerstrip.store import Prepared, SeenToken, Store, insert_row

KEEP = timedelta(days=2)
_known = Prepared(
    select(col(SeenToken.digest)).where(
        col(SeenToken.endpoint_id) == bindparam("endpoint_id"), col(SeenToken.token) == bindparam("token")
    )
)
_old = Prepared(delete(SeenToken).where(col(SeenToken.created_at) < bindparam("before")))


class SeenTokens:
    """The memory of one endpoint."""

    def __init__(self, store: Store, endpoint_id: str) -> None:
        self._store = store
        self._endpoint_id = endpoint_id

    async def __call__(self, token: str, digest: bytes) -> bool:
        """Keep `token` with the digest of its body. False where it is known with another digest."""
        key = {"endpoint_id": self._endpoint_id, "token": hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()}

        def keep(connection: Connection) -> bool:
            known = _known.first(connection, **key)
            if known is None:
                insert_row(connection, SeenToken, key | {"digest": digest.hex(), "created_at": stamp()})
            return known is None or known.digest == digest.hex()

        return await self._store.hot(keep)


def sweep_tokens(connection: Connection) -> None:
    """Forget what no signature reaches back to."""
    _old.run(connection, before=rfc3339(now() - KEEP))
