"""The offline parser: a message without its secrets becomes an intent, and every decision has its reason.

Deterministic, a few milliseconds, no network. The stages are modules of this package: the text is folded (`text`), providers are
found (`mentions`), an automation is cut into trigger and action (`clauses`), the kind of request is told by rules (`rules`), actions
and events by the catalog's words (`lexicon`), settings and inputs by the form of what is said (`settings`, `inputs`); each kind of
request has a module that fills the intent in (`asking`, `automations`, `calls`, `connects`).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from powerstrip.chat.intent import Intent
from powerstrip.chat.parser import asking, automations, calls, connects
from powerstrip.chat.parser.clauses import split
from powerstrip.chat.parser.lexicon import Lexicon
from powerstrip.chat.parser.plain import plain
from powerstrip.chat.parser.reading import Reading
from powerstrip.chat.parser.text import read

if TYPE_CHECKING:
    from powerstrip.catalog import ProviderManifest


class Parser:
    """Reads messages. Made once for a catalog; safe to share."""

    def __init__(self, manifests: "Iterable[ProviderManifest]" = ()) -> None:
        self.lexicon = Lexicon(manifests)
        self._names = frozenset(self.lexicon.plain_names)

    def parse(self, redacted: str, token_kinds: Iterable[str] = (), own: Iterable[str] | None = None) -> Intent:
        """Understand one message. Secrets must have been replaced by handles (`powerstrip.chat.secrets.redact`).

        `own` are the names of the project's connections, where they are known. They may be everyday words, so that they count
        only where nothing else was understood, or where a connection is spoken of and none was named.
        """
        text, kinds = read(plain(redacted), self._names), tuple(token_kinds)
        first = understood(Reading(self.lexicon, text, kinds))
        unnamed = first.intent in asking.MANAGED and not first.config.get("name")
        if own is not None and not first.reveals and (first.intent == "other" or unnamed):
            second = understood(Reading(self.lexicon, text, kinds, tuple(own)))
            if second.intent in asking.MANAGED and second.config.get("name"):
                return second
        return first


def understood(reading: Reading) -> Intent:
    """Decide in order: attacks first, then what management asks, then automations and calls, then connecting."""
    if attack := asking.attack(reading):
        return asking.refused(reading, attack)
    parts = split(reading.message)
    if rule := asking.asked(reading, parts):
        return asking.managed(reading, rule)
    for each in (parts, None if parts and parts.schedule else automations.loose_parts(reading)):
        if each and (reading.standing or reading.names_field() or each.schedule) and automations.automates(reading, each):
            return reading.result
    if calls.is_call(reading):
        return reading.result
    return connects.direct(reading)
