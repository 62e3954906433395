"""What the edge adds to the four errors of an adapter.

PowerstripError
├── Rejected
│   └── Refused      the edge itself said no: nothing was sent, or the answer was not taken
└── Unavailable
    ├── Unreached    no connection came about: nothing was sent, so any request may be repeated
    └── NoAnswer     it was sent, and no whole answer came: whether it took effect is not known

BaseException
└── SandboxAnswer    a sandbox has nothing to read from: the caller answers from the action's own output
"""

from typing import Any, Literal, TypeAlias

from powerstrip.adapter import Rejected, Unavailable

Reason: TypeAlias = Literal["address", "url", "path", "header", "setting", "size", "tls"]


class Refused(Rejected):
    """The edge's own no. `reason` tells programs which rule it was. The integration stays as it is."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


class Unreached(Unavailable):
    """Nothing was sent: the name was not found, or nobody took the connection."""


class NoAnswer(Unavailable):
    """The request went out and its answer did not come, or not to its end."""


class SandboxAnswer(BaseException):
    """Ends an adapter's function that reads a raw reply, which a sandbox cannot invent, or that pages without end.

    Not an `Exception`, so that no adapter catches it by mistake. `row` is the ledger's entry of the request; its `answer` is
    for the caller to fill in with the mock of the action's output.
    """

    def __init__(self, row: dict[str, Any]) -> None:
        super().__init__("The sandbox answers in the action's stead")
        self.row = row
