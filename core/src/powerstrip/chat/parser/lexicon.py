"""The words that stand for providers, actions and events: general knowledge and the installed catalog, merged.

What knowledge says of an action is joined by the catalog's own words, so that an adapter that knowledge does not know is
understood from its title, synonyms, action titles and field names alone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from powerstrip.chat import knowledge
from powerstrip.chat.parser.text import fold, pattern
from powerstrip.value import Value, replace

if TYPE_CHECKING:  # reading sentences needs no database, and starts quickly
    from powerstrip.catalog import ActionManifest, ProviderManifest

VERBS = {
    "send": "send|mail|write|post|notify|tell", "post": "post|send|write|tell|notify|say", "create": "create|add|make|new|open|file|start|register|log",
    "add": "add|put|attach|append", "update": "update|change|edit|set|modify|rename", "delete": "delete|remove|erase|drop",
    "list": "list|show|which|what|all|see|get", "get": "what does|what(?: is| s)(?! an?\\b)|get|fetch|show|read|look ?up|open|retrieve", "read": "read|get|fetch|show|open",
    "search": "search|find|look for|query", "query": "query|find|search|list", "put": "put|upload|write|save|store", "copy": "copy|duplicate",
    "close": "close|resolve|finish", "assign": "assign|hand over", "check": "check|verify|validate|test", "start": "start|begin|launch",
    "cancel": "cancel|stop|abort", "upsert": "upsert|create|update|save", "run": "run|start|trigger|launch", "print": "print",
}  # fmt: skip
CHANGES = {
    "created": "creat\\w*|new|added|opened|comes in|made|arrives?", "opened": "open\\w*|new|created", "updated": "updat\\w*|chang\\w*|edit\\w*",
    "deleted": "delet\\w*|remov\\w*", "removed": "delet\\w*|remov\\w*", "received": "receiv\\w*|arrives?|comes in|new", "closed": "clos\\w*|resolved",
    "completed": "complet\\w*|finish\\w*|done|ends", "failed": "fail\\w*|error\\w*", "sent": "sent|sends", "cancelled": "cancel\\w*",
    "canceled": "cancel\\w*", "succeeded": "succe\\w*|goes through|went through", "merged": "merg\\w*", "published": "publish\\w*|released|is out|goes out",
    "admitted": "admit\\w*|admission|aufgenommen|aufnahme|hospitali[sz]\\w*|admis\\w*|ingres\\w*", "bounced": "bounc\\w*", "refunded": "refund\\w*", "added": "add\\w*|new|arrives?", "replied": "repl(?:y|ies|ied)|answers?", "shipped": "ship\\w*", "paid": "paid|pays|settled", "delivered": "delivered|delivers",
}  # fmt: skip


CHANGED = {change: pattern(words) for change, words in CHANGES.items()}
"""What says in a sentence that something changed so."""


class Deed(Value):
    """An action or an event as people speak of it."""

    name: str
    cue: re.Pattern[str]
    fields: tuple[str, ...] = ()
    read_only: bool = False
    also: re.Pattern[str] | None = None
    """What its id and title say, where `cue` comes from knowledge."""
    close: re.Pattern[str] | None = None
    """Its verb with its own noun close by: "add a comment"."""


@dataclass
class Known:
    """A provider as people speak of it."""

    id: str
    title: str
    names: list[str]
    implied: list[str] = field(default_factory=list[str])
    void: list[re.Pattern[str]] = field(default_factory=list[re.Pattern[str]])
    kinds: list[str] = field(default_factory=list[str])
    difference: str = ""
    tokens: list[str] = field(default_factory=list[str])
    default: str = ""
    installed: bool = False
    built_in: bool = False
    actions: dict[str, Deed] = field(default_factory=dict[str, Deed])
    events: dict[str, Deed] = field(default_factory=dict[str, Deed])


class Lexicon:
    """All providers, by id, with one pattern for all of their names."""

    def __init__(self, manifests: "Iterable[ProviderManifest]" = ()) -> None:
        rows = knowledge.field()
        self.kinds = {kind: pattern(words) for kind, words in rows["kinds"].items()}
        self.of_kind: dict[str, list[str]] = rows["providers_of_kind"]
        self.providers = {each: _from_knowledge(each, row) for each, row in knowledge.providers().items()}
        for manifest in manifests:
            _merge(self.providers, manifest, self.kinds.values())
        self.names = _alternation({known.id: known.names for known in self.providers.values()})
        self._placed = re.compile(
            rf"\b(?:in|on|at|with|via|im|auf|bei|mit|en|dans|sur|no|na|em|su|nel) (?:the |our |das |la |le |el )?{self.names.pattern} ?".replace(
                "?P<p_", "?P<q_"
            )
        )
        self.implied = _alternation({known.id: known.implied for known in self.providers.values()})
        self.plain_names = {
            name: known.id for known in self.providers.values() for name in known.names if re.fullmatch(r"[a-z]{5,}", name)
        } | {
            fold(known.title): known.id
            for known in self.providers.values()
            if not known.built_in and re.fullmatch(r"[a-z]{5,}", fold(known.title))
        }
        words = [*rows["vendors"].split(), *rows["vendor_phrases"]]
        self.vendors = {fold(word): word for word in words if fold(word) not in self.plain_names}
        longest = sorted(self.vendors, key=len, reverse=True)
        self.vendor_pattern = pattern("|".join(map(re.escape, longest)))
        self.by_token = {kind: known.id for known in self.providers.values() for kind in known.tokens}

    def without_names(self, text: str) -> str:
        """A text without "in Slack" and the like."""
        return self._placed.sub("", text)

    def deed(self, name: str) -> Deed | None:
        """An action or event by its full name."""
        for known in self.providers.values():
            if found := known.actions.get(name) or known.events.get(name):
                return found
        return None


def _from_knowledge(id: str, row: dict[str, Any]) -> Known:
    known = Known(
        id,
        row["title"],
        list(row["names"]),
        list(row.get("implied", ())),
        [pattern(words) for words in row.get("not", ())],
        list(row.get("kind", ())),
        row.get("difference", ""),
        list(row.get("tokens", ())),
        f"{id}.{row['default']}" if "default" in row else "",
        built_in=row.get("built_in", False),
    )
    for name, deed in row["actions"].items():
        full = f"{id}.{name}"
        known.actions[full] = Deed(
            full, pattern(_bounded(deed["cue"])), tuple(deed["fields"].split()), also=pattern(_cue(name, "")), close=_close(name)
        )
    known.events = {name: Deed(name, pattern(cue)) for name, cue in row["events"].items()}
    return known


def _merge(providers: dict[str, Known], manifest: "ProviderManifest", kinds: Iterable[re.Pattern[str]]) -> None:
    """Take an installed provider in: new words of known ones, everything of others. A word for a whole kind ("email") names nobody."""
    known = providers.setdefault(manifest.id, Known(manifest.id, manifest.title, [], difference=manifest.description))
    known.installed, known.built_in = True, known.built_in or manifest.built_in
    joined = pattern("|".join([*known.names, *known.implied]) or "(?!)")
    words = (manifest.title, manifest.id.replace("_", " ").replace("-", " "), *manifest.aka)
    fresh = [
        re.escape(fold(word)).replace("\\ ", " ?")
        for word in words
        if not joined.search(fold(word)) and not any(kind.fullmatch(fold(word)) for kind in kinds)
    ]
    if not manifest.built_in:
        known.names.extend(dict.fromkeys(fresh))
    for action in manifest.actions:
        said = known.actions.get(action.name)
        known.actions[action.name] = (
            replace(said, also=_deed_of(action).cue, read_only=action.annotations.read_only) if said else _deed_of(action)
        )
    for event in manifest.events:
        known.events.setdefault(event.name, Deed(event.name, pattern(_event_cue(event.id, event.summary))))
    known.default = known.default or next((action.name for action in manifest.actions if not action.annotations.read_only), "")


def _deed_of(action: "ActionManifest") -> Deed:
    fields = action.input_schema.get("properties", {})
    return Deed(
        action.name,
        pattern(_cue(action.id, action.title or action.id)),
        tuple(fields),
        action.annotations.read_only,
        close=_close(action.id),
    )


_NO_PLACE = r"(?!(?:to|in|on|into|from|for|of|at|and|na|no|nas|nos|em|en|dans|im|ins|nel|nella|auf|zu|zum|zur|al|au|aan|op)\b)"
"""Between a verb and what it makes stands no place: "add a row in the sheet" makes no sheet."""


def _close(id: str) -> re.Pattern[str] | None:
    *nouns, verb = re.split(r"[._]", id)
    if not nouns or verb not in VERBS:
        return None
    verbs = VERBS[verb].replace("open", "open(?! (?:the|our|my))") if verb == "create" else VERBS[verb]
    if verb in ("search", "query"):
        verbs += "|list|show|which|how many|are there|do we have|any"
    return pattern(rf"(?:{verbs}) (?:{_NO_PLACE}[\w-]+ ){{0,3}}?{re.escape(nouns[-1])}\w{{0,3}}")


def _bounded(cue: str) -> str:
    """Between two words of a cue stand few others: "add … to an issue" is not "add an issue"."""
    return cue.replace(") .*(", r") (?:\S+ ){0,6}?(")


def _cue(id: str, title: str) -> str:
    *nouns, verb = re.split(r"[._]", id)
    verbs = VERBS.get(verb, re.escape(verb))
    noun = nouns[-1] if nouns else ""
    said = rf"(?:{verbs}) (?:{_NO_PLACE}\S+ ){{0,4}}?{re.escape(noun)}\w*" if noun else f"(?:{verbs})"
    return f"{said}|{re.escape(fold(title))}" if title else said


def _event_cue(id: str, summary: str) -> str:
    *nouns, change = re.split(r"[._]", id)
    changes = CHANGES.get(change, re.escape(change) + r"\w*")
    if not nouns:
        return changes
    noun = re.escape(nouns[-1])
    return rf"{noun}\w*.*(?:{changes})|(?:{changes}).*{noun}\w*"


def _alternation(words: dict[str, Sequence[str]]) -> re.Pattern[str]:
    """One pattern; the group that matched is `p_` and the provider's id."""
    groups = [f"(?P<p_{name.replace('-', '__')}>{'|'.join(each).replace(' ?', '[ -]?')})" for name, each in words.items() if each]
    return pattern("|".join(groups))


def provider_of(match: re.Match[str]) -> str:
    """The provider's id from a match of such a pattern."""
    return (match.lastgroup or "")[2:].replace("__", "-")
