"""What the edge is told, and what it tells back."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from powerstrip.adapter import Adapter, Auth, IdempotencyKey, Model
from powerstrip.edge.handles import Lift
from powerstrip.value import Hidden, Value, field

Mode: TypeAlias = Literal["live", "sandbox"]
Simulate: TypeAlias = Literal["unauthorized", "rate_limited", "server_error", "timeout"]
LedgerRow: TypeAlias = dict[str, Any]
"""One row of the table `would_send`: column names and the driver's values, ready for the store's `insert_row`."""


class Bound(Value, kw_only=True):
    """An integration as the edge needs it.

    `credential` is opaque: it goes to the edge's `reveal` when a live request is signed, and nowhere else.
    `credential_fields` are the names of what was filled in. Whatever is not `live` is a sandbox. `edition` changes with the
    credential and the config: a pause that a provider asked for ends with them.
    """

    project_id: str
    integration_id: str
    provider: str
    adapter: Adapter
    auth: Auth
    config: Mapping[str, Any]
    mode: Mode
    credential: object | None = None
    credential_fields: tuple[str, ...] = ()
    edition: str = ""


class Call(Value, kw_only=True):
    """One use of an integration. `deadline` is in seconds of the monotonic clock and covers everything, waits included.

    A `probe` tests a connection: it goes out although the provider asked for a pause, and starts none.
    `seed` and `echo` make a sandbox's answers, `simulate` asks a sandbox for a failure instead.
    `handles` are secrets by the placeholders that stand for them in a body: opaque, for the edge's `reveal`, under the one field
    `secret`. `lift` takes a secret that the provider made out of its answer.
    """

    invocation_id: str
    action_name: str
    deadline: float
    probe: bool = False
    read_only: bool = False
    idempotent: bool = False
    idempotency_key: str | None = None
    idempotency: IdempotencyKey | None = None
    seed: str = ""
    echo: Mapping[str, Any] = field(default_factory=dict[str, Any])
    simulate: Simulate | None = None
    output: type[Model] | None = None
    handles: Hidden[Mapping[str, object]] = field(default_factory=dict[str, object])
    lift: Hidden[Lift | None] = None


@dataclasses.dataclass
class Trace:
    """What happened on the way.

    `requests` the adapter made, `attempts` that were sent for them (`retries` of which were repeats), the sandbox's rows for
    the caller to store, and the files of streamed answers, which are the caller's to move or `discard`.
    """

    host: str = ""
    requests: int = 0
    attempts: int = 0
    retries: int = 0
    status: int | None = None
    would_send: list[LedgerRow] = dataclasses.field(default_factory=list[LedgerRow])
    files: list[Path] = dataclasses.field(default_factory=list[Path])
    open_writes: set[int] = dataclasses.field(default_factory=set[int])
    """Numbers of the writes that went out and have no whole answer."""

    @property
    def unknown(self) -> bool:
        """Whether something may have taken effect that nobody confirmed."""
        return bool(self.open_writes)

    def discard(self) -> None:
        """Remove the files that nobody moved away."""
        for path in self.files:
            path.unlink(missing_ok=True)
        self.files.clear()


class Caps(Value):
    """Limits of every live request: bytes of an answer in memory, of one streamed to disk, connections to a host and in all.

    `mail_per_host` is of connections to one mail server: providers allow few at once.
    """

    body: int = 10 * 1024 * 1024
    download: int = 5 * 1024 * 1024 * 1024
    per_host: int = 100
    mail_per_host: int = 8
    connections: int = 512
    connect_seconds: float = 10.0
