"""Integrations that sandboxed calls went by a moment ago.

A call may run by what is remembered here, and only then go on record: the transaction that records it reads the integration
again, and takes the call only where it is the same to the last field.
"""

from powerstrip.actions.beginning import Begun, Wanted
from powerstrip.actions.own.targets import OwnTarget
from powerstrip.clock import monotonic
from powerstrip.connect import Link

SECONDS = 5.0
MOST = 1_000


class Familiar:
    """Remembers which integration a call's project, provider and choice led to."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str | None], tuple[float, Link]] = {}

    def recall(self, wanted: Wanted) -> Link | None:
        """The integration, where this call is a sandbox's and nothing else is to be found out before it runs."""
        target = wanted.target
        if wanted.call.idempotency_key is not None or isinstance(target, OwnTarget) or target.adapter.built_in:
            return None
        until, link = self._known.get(_key(wanted), (0.0, None))
        if link is None or until < monotonic():
            return None
        return link if wanted.sandboxed or link.mode == "sandbox" else None

    def keep(self, wanted: Wanted, begun: Begun) -> None:
        """Remember what a call that began went by."""
        if begun.mode != "sandbox" or begun.link is None:
            return
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[_key(wanted)] = monotonic() + SECONDS, begun.link

    def forget(self, wanted: Wanted) -> None:
        """It is another one by now."""
        self._known.pop(_key(wanted), None)


def _key(wanted: Wanted) -> tuple[str, str, str | None]:
    asked = wanted.call.integration
    return wanted.project.id, wanted.target.adapter.id, wanted.target.action.integration or None if asked is None else asked
