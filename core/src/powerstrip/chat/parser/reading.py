"""What every stage knows of one message: who is meant, what is named, and the intent so far."""

import re
from collections.abc import Iterable

from powerstrip.chat.intent import Intent
from powerstrip.chat.parser.lexicon import CHANGED, Deed, Lexicon
from powerstrip.chat.parser.mentions import Mention, implied, mentions, standing, unknown_vendor, vendors
from powerstrip.chat.parser.nameless import NOBODY
from powerstrip.chat.parser.settings import connection_name, settings_of
from powerstrip.chat.parser.subjects import ENTITY
from powerstrip.chat.parser.text import Message
from powerstrip.chat.parser.things import Things
from powerstrip.chat.parser.tongues import english
from powerstrip.value import replace

_KEBAB = re.compile(r"(?<![\w@#./:-])[a-z][a-z0-9]*(?:-[a-z0-9]+)+(?!(?:[\w@/.-]|:(?=\S))*(?:[@/\w]|:(?=\S)))")

_NAMED_SO = re.compile(
    r"\b(?:integration|connection|verbindung|conexion|connexion|connector)(?: (?:named|called|namens|llamada))? ([a-z][\w]*(?:-[a-z0-9]+)+)(?![\w@/.])"
)
_LAST_WORD = re.compile(r"\b(?:integration|connection|verbindung|conexion|connexion) ([a-z][\w-]*)\W*$")
_NO_NAME = frozenset(
    [
        "please",
        "now",
        "today",
        "again",
        "bitte",
        "jetzt",
        "ahora",
        "maintenant",
        "here",
        "anymore",
        "working",
        "ok",
        "works",
        "down",
        "up",
        "there",
        "for",
        "to",
        "from",
        "in",
    ]
)
_ALONE = re.compile(
    r"\W*(?:please |bitte )?(?:delete|remove|drop|disconnect|disable|deactivate|pause|suspend|resume|unpause|enable|activate|reactivate|rotate|mute|unmute) ([a-z][\w-]{2,})(?: (?:please|now|again|for now))?\W*$"
)
""" "Resume backups": nothing but what is to be done, and a word that can only be a name."""
_CALLED = re.compile(
    r"-(?:integration|verbindung|anbindung|connection|account|konto|token|key|schlussel|credentials?|zugangsdaten|zugang|passwort|kennwort|password|login|secret|adapter|connector)$"
)

_NOT_OWN = re.compile(
    r"(?:re|un|co|pre|non|self|end|on|off|e|x|follow|sign|log|set|hook|opt|check|double|add|in|out|up|de|a|to|app|api|auth|bot|read|write|smart|real|third|one|two|health|anything|peut|est|as|qu|y|is|appelle|nomme|chame|client|base64|open|server|private|access|service|user|long|short|mail|imap|smtp|multi|built|half|pay|pick|trans|well|\w+ed|\w*bot)-"
)

_HYPHENED = re.compile(r"@p-(?=[a-z]{3,})")
""" "Slack-Zugang": a name within a longer word."""
_EVENT_WORD = r"\b(?:comes? in|signs? up|submitted|admitted|arrives?|is created|is updated|is deleted|registers?)\b"


_WANTED = re.compile(r"\b(?:connect|hook up|integrate|link|add|set ?up|plug in|wire up|use) (?:to |with |our |the |my )*$")
_DEED = r"(?:delet|remov|disconnect|drop|rotat|disabl|paus|enabl|copy|copi|test|connect|automat|chang|touch|stop|turn|switch|wip|uninstall|replac|add|set|losch|entfern|supprim|elimin|borr|lose|los|forget|leak|share|publish)"
_NEGATED = re.compile(
    rf"\b(?:(?:we |i |please )?(?:don t|do not|am not|m not|are not|re not|is not|isn t|not|never|no need to|without|instead of|rather than|nicht|no)) "
    rf"(?:asking (?:you )?to |want(?:ing)? (?:you )?to |need to |going to |about to |have to )?{_DEED}\w*\b[^,;.!]*?(?=[,;.!]|$| but | just | only | sondern | sino )"
)
_NOT_THAT = re.compile(rf",? (?:and |but )?not (?:to )?{_DEED}\w*\b(?= ?[:,;.!]|$)")
_AFTER_VERB = re.compile(r"(?<=(?:disable|.enable|.delete|.remove|.rotate|..pause))\s*[:,]\s+(?=the |our |my |@)")
_ADVERBS = re.compile(
    r"\b(?:definitivement|endgultig|definitivamente|permanent\w*|completement|vollstandig|completamente|immediatement|sofort|subito|direkt|di nuovo|de nouveau|de nuevo|de novo|weer|otra vez|outra vez|encore une fois|un altra volta)\b ?"
)
_INDIRECT = re.compile(
    r"\b(tell me|know|check|see|say|find out|wonder(?:ing)?|sure|look) (?:whether|if) ((?:\w+ ){0,3}?(?:@[pn])(?: \w+)?) (is|are|was|has|still) "
)


def _plainly(text: str) -> str:
    """Without what is expressly not to be done, where something else is; indirect questions made direct ones."""
    text = _ADVERBS.sub("", _NOT_THAT.sub("", text))
    text = _AFTER_VERB.sub(" ", text)
    rest = " ".join(_NEGATED.sub(" ", text).strip(" ,;.!").split())
    text = rest if len(rest.split()) > 1 else text
    return _INDIRECT.sub(r"\1 \3 \2 ", text)


class Reading:
    """One message on its way to an intent."""

    def __init__(
        self, lexicon: Lexicon, message: Message, token_kinds: tuple[str, ...], own: tuple[str, ...] | None = None
    ) -> None:
        """`own` are names of connections that are there; None where they do not count."""
        self.lexicon, self.message, self.own = lexicon, message, own
        self.has_secret = "<secret-" in message.raw
        self.found = mentions(message, lexicon, token_kinds)
        self.vendors = vendors(message, lexicon)
        self.standing = standing(self.found, message, [start for _, start in self.vendors])
        self.things = Things(message)
        self.own_name = self.name_of_own()
        self.marked = self.marked_text()
        self.result = Intent()

    def name_of_own(self) -> str:
        named = connection_name(self.things)
        if named:
            return named
        if called := _NAMED_SO.search(self.message.bare):
            return called[1]
        if self.own is not None and (known := self._known_name(self.own)):
            return known
        if not (self.found or self.vendors) and (alone := _ALONE.match(self.message.bare)) and alone[1] not in NOBODY:
            return alone[1]
        inside = [
            match[0]
            for match in _KEBAB.finditer(self.message.bare)
            if not _NOT_OWN.match(match[0]) and not _CALLED.search(match[0])
        ]
        return inside[0] if inside else ""

    def _known_name(self, own: tuple[str, ...]) -> str:
        """The name of a connection that is there; else a word at the end that is plainly said to be one."""
        for name in sorted(own, key=len, reverse=True):
            if re.search(rf"(?<![\w@#./:-]){re.escape(name.lower())}(?![\w@/:-])", self.message.bare):
                return name
        last = _LAST_WORD.search(self.message.bare)
        return last[1] if last and last[1] not in _NO_NAME else ""

    def marked_text(self) -> str:
        """The bare text with marks for providers, own names and vendors."""
        letters = list(self.message.bare)
        places = [
            (each.start, each.end, "@p" if each in self.standing else "@x")
            for each in self.found
            if each.start >= 0 and each.strength == 3
        ]
        places += [(start, start + len(name), "@v") for name, start in self.vendors]
        if self.own_name and (at := self.message.bare.find(self.own_name.lower())) >= 0:
            places = [place for place in places if not at <= place[0] < at + len(self.own_name)] + [
                (at, at + len(self.own_name), "@n")
            ]
        for start, end, mark in sorted(places, reverse=True):
            letters[start:end] = [f"{mark}"]
        text = " ".join(re.sub(r"~+", "~", "".join(letters)).split())
        return _plainly(_HYPHENED.sub("@p ", text))

    def as_kind(self, kind: str, why: str) -> Intent:
        self.result.intent = kind  # type: ignore[assignment]  # a rule's kind is one of the kinds
        self.result.reasons.append(why)
        return self.result

    def best(self) -> Mention | None:
        return max(self.standing, key=lambda each: (each.strength, each.start), default=None)

    def take(self, found: list[Mention]) -> None:
        ordered = sorted(
            found,
            key=lambda each: (
                self.lexicon.providers[each.provider].built_in,
                -each.strength,
                -each.start if each.strength < 3 else each.start,
            ),
        )
        ids = list(dict.fromkeys(each.provider for each in ordered))
        if ids:
            self.result.provider, self.result.providers = ids[0], ids
            self.result.reasons.append(next(each.why for each in ordered))

    def implied_here(self, start: int = 0, end: int | None = None) -> list[Mention]:
        return implied(self.message, self.lexicon, start, end)

    def names_field(self) -> bool:
        return bool(
            self.implied_here()
            or self.kinds()
            or self.things.channels
            or ENTITY.search(self.message.words)
            or self.things.phones
            or self.things.addresses
            or re.search(_EVENT_WORD, self.message.words)
        )

    def kinds(self, start: int = 0, end: int | None = None) -> list[str]:
        """Kinds of service that a part speaks of without naming one."""
        return [
            kind
            for kind, words in self.lexicon.kinds.items()
            if words.search(self.message.bare, start, len(self.message.bare) if end is None else end)
        ]

    def best_action(self, provider: str, text: str) -> Deed | None:
        """The provider's action that the text means: of those that only look, where it asks for something to be seen."""
        known = self.lexicon.providers.get(provider)
        if known is None:
            return None
        if (head := _HEAD.match(_NAME_FIRST.sub("", text))) and len(
            same := [each for each in known.actions.values() if each.name.endswith(f".{head[1]}")]
        ) == 1:
            return same[0]
        translated = english(text)
        for said in (text, translated, self.lexicon.without_names(translated)):
            sees = [each for each in known.actions.values() if looks(each)] if _SEES.match(said) else []
            for deeds in (sees, list(known.actions.values())):
                if deed := longest(deeds, said) or longest([replace(each, cue=each.also) for each in deeds if each.also], said):
                    return known.actions[deed.name]
        return None

    def actions_of(self, provider: str, text: str) -> list[Deed]:
        """All actions of a provider whose words are in the text, those first that take most of it."""
        known = self.lexicon.providers.get(provider)
        best = self.best_action(provider, text)
        if known is None or best is None:
            return []
        sees = bool(_SEES.match(text)) and looks(best)
        others = [each for each in known.actions.values() if each is not best and (looks(each) or not sees)]
        reached = sorted(((reach(each, text), each.name) for each in others if reach(each, text)), reverse=True)
        return [best, *(known.actions[name] for _, name in reached)]

    def best_event(self, providers: list[str], text: str) -> tuple[str, str]:
        """The event's full name and its provider's id; empty where none fits."""
        for provider in providers:
            known = self.lexicon.providers.get(provider)
            if known and (event := happened(known.events.values(), text, english(text))):
                return event.name, provider
        return "", ""

    def changed(self, provider: str, text: str) -> tuple[str, str]:
        """The provider's first event whose change is told ("added", "failed"), whatever it is that changed."""
        known = self.lexicon.providers.get(provider)
        event = (
            next((each for each in known.events.values() if _change(each) in CHANGED and _tells(each, text)), None)
            if known
            else None
        )
        return (event.name, provider) if event else ("", "")

    def event_of_any(self, text: str) -> tuple[str, str]:
        """An event that only one provider has by these words; at least two words of it must be there."""
        found = [
            (event.name, known.id)
            for known in self.lexicon.providers.values()
            if not known.built_in
            for event in (happened(known.events.values(), text, text),)
            if event and _tells(event, text) and " " in max((match[0] for match in event.cue.finditer(text)), key=len)
        ]
        return found[0] if len(found) == 1 else ("", "")

    def default(self, provider: str) -> Deed | None:
        known = self.lexicon.providers.get(provider)
        return known.actions.get(known.default) if known else None

    def vendor(self) -> str:
        if self.vendors:
            wanted = [name for name, start in self.vendors if _WANTED.search(self.message.bare[:start])]
            return wanted[-1] if wanted else self.vendors[0][0]
        return "" if self.standing else unknown_vendor(self.message)

    def as_vendor(self, vendor: str) -> None:
        self.result.vendor, self.result.provider, self.result.providers = vendor, "http", ["http"]
        self.result.reasons.append(f"{vendor} is not in the catalog: Custom HTTP can reach it")

    def hosted_elsewhere(self) -> bool:
        return any(each.provider != "http" and each.strength > 1 for each in self.standing)

    def says_settings(self) -> bool:
        provider = self.result.provider
        return bool(provider) and bool(settings_of(provider, self.things, connects=True))


_SEES = re.compile(
    r"\W*(?:please |can you |could you |in \w+,? |on \w+,? )?(?:what|which|who|when|where|how (?:many|big)|is there|are there|do i have|do we have|list|show|find|search|look|fetch|read|see|any)\b"
)
_NAME_FIRST = re.compile(r"^\W*\w+\s*[:,]\s*")
_HEAD = re.compile(
    r"\W*(?:please |can you |could you |just )?(schedule|presign|copy|merge|dispatch|transition|assign|upsert|describe|associate|patch)\b"
)
_LOOKS = re.compile(
    r"[._](?:list|get|search|query|read|head|lookup\w*|history|stats|describe|everything|check|info|model\.list)$"
)


def looks(deed: Deed) -> bool:
    """Whether an action only looks, by what its adapter says or by its last word."""
    return deed.read_only or bool(_LOOKS.search(deed.name))


def reach(deed: Deed, text: str) -> int:
    """How much of a text the deed's words take, in characters."""
    said = max((match.end() - match.start() for match in deed.cue.finditer(text)), default=0)
    own = deed.close.search(text) if deed.close else None
    return max(said, len(own[0]) + _OWN_NOUN) if own and _CLAUSE.search(text[: own.start()]) else said


_CLAUSE = re.compile(
    r"(?:^|[,:;.!?–—-]|\b(?:please|and|then|also|just|you|we|i|to|s|bitte|now|mal|@p|should|must|automatically)|^(?:in|on|at|via|with) [\w ]{2,24})\W*$"
)
"""What stands before a verb that is one, and no noun ("the log page")."""


_OWN_NOUN = 24
"""What an action's own verb and noun side by side count more than other words, in characters."""


def happened(events: Iterable[Deed], text: str, translated: str) -> Deed | None:
    """The event that a text means: of those whose words are in it, those first whose change is told ("updated"), not its noun alone."""
    for said in dict.fromkeys((text, translated)):
        told = [each for each in events if reach(each, said) and _tells(each, said)]
        if not told:
            named = [each for each in events if _change(each) in CHANGED and _tells(each, said) and _of(each, said)]
            if len(named) == 1:
                return named[0]
        if told:
            return longest([each for each in told if _of(each, said)], said) or longest(told, said)
    return longest(events, text) or longest(events, translated)


def _change(event: Deed) -> str:
    return re.split(r"[._]", event.name)[-1]


def _of(event: Deed, text: str) -> bool:
    """Whether an event's noun is in the text; one that is named after no change is by its words alone."""
    noun = re.split(r"[._]", event.name)[-2].removesuffix("s")
    return _change(event) not in CHANGED or re.search(rf"\b{noun}", text) is not None


def _tells(event: Deed, text: str) -> bool:
    change = _change(event)
    return change not in CHANGED or bool(CHANGED[change].search(text))


def longest(deeds: Iterable[Deed], text: str) -> Deed | None:
    """The deed whose words take most of the text; the first of equals."""
    best: tuple[int, Deed] | None = None
    for deed in deeds:
        taken = reach(deed, text)
        if taken and (best is None or taken > best[0]):
            best = (taken, deed)
    return best[1] if best else None
