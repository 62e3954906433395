"""Requests about connections that are there, and attempts to get at their credentials."""

import re
from collections.abc import Iterator

from powerstrip.chat.intent import Intent
from powerstrip.chat.parser import rules
from powerstrip.chat.parser.clauses import Parts
from powerstrip.chat.parser.inputs import inputs_of
from powerstrip.chat.parser.reading import Reading
from powerstrip.chat.parser.text import fold
from powerstrip.chat.parser.tongues import english

MANAGED = ("rotate", "test", "enable", "disable", "delete", "copy", "status", "usage", "list")

_TROUBLE = re.compile(
    r"\b(?:delays?|outages?|incidents?|latency|hiccups?|known (?:issues|problems))\b.*(?:\?|today|now)|(?:delays|outages?|incidents?) (?:at|with|on) @p"
)
_HOW = re.compile(r"\W*(?:how (?:do|can|to|would|should)|where (?:do|can)|wie (?:kann|bekomme)|como (?:puedo|obtengo)|comment)\b")
_HOW_TO = re.compile(r"\W*how (?:do|can|could|would|should|to|might) (?:i|we|one|you|somebody)\b")


def attack(reading: Reading) -> rules.Rule | None:
    """What makes this an attempt to get at a credential, or to change the rules; words that are only quoted count too."""
    quoted = (" ".join(fold(each.text).split()) for each in reading.message.quotes if len(each.text) > 20)
    said = (_GIVES.sub("", reading.marked), *quoted)
    return next((rule for text in said if (rule := rules.first(rules.ATTACKS, text))), None)


_GIVES = re.compile(
    r"\b(?:i|we) (?:ll|will|am going to|can|want to|would like to|d like to)? ?(?:now )?(?:paste|send you|give you|copy)\b"
)
"""Somebody brings a credential: no attempt to get one."""


def refused(reading: Reading, rule: rules.Rule) -> Intent:
    reading.result.reveals = True
    reading.take(reading.standing)
    return reading.as_kind("other", rule.why)


def asked(reading: Reading, parts: Parts | None) -> rules.Rule | None:
    if _GOES_TO.search(reading.marked) and not reading.message.bare.strip().endswith("?"):
        return None
    if (
        parts is not None
        and not _THAT_CONNECTION.search(reading.marked)
        and not parts.schedule
        and not _ENDS_ASKING.search(reading.marked)
        and not re.match(
            r"\W*(?:(?:why|what|who|which|where|before)\b|when (?:do|does|did|will|is|are|was|has)\b)", reading.marked
        )
    ):
        return None
    for text in _forms(reading):
        if rule := _asked(reading, parts, text):
            return rule
    return None


_GOES_TO = re.compile(r"\b(?:go(?:es)?|be (?:sent|posted|forwarded)) (?:in)?to (?:the )?(?:#|slack\b)")
_THAT_CONNECTION = re.compile(
    r"[.!?;] (?:(?:so|please|then|and|now) )*(?:delete|remove|disconnect|disable|deactivate|pause|enable|test|rotate|copy) (?:that|this|the|our|its) (?:\w+ )?(?:connection|integration)\b"
)
"""A sentence of its own about the connection."""
_ENDS_ASKING = re.compile(
    r"^\W*(?:if|suppose|when) (?:we|i|one|you|somebody) (?:\w+ ){1,2}?[^,]*, (?:who|what|which|does|do|will|would|is|are|can|how (?:many|much|bad))\b|[,.;:–—-] (?:so |and |but )?(?:why|where|did|has|have|was|were|is there|what happened|what went)\b[^.!?]*\?\W*$"
)
""" "A message was posted, did the event reach us?": what happened is told, and asked about."""
_PRONOUN = re.compile(
    r"\b(?:its|it|them|that one|this one|ihn|sie|es|him)\b(?! (?:is|was|has|does|will|can|should|would|did|s)\b)"
)


_INSTEAD = re.compile(
    r".*\b(?:actually,? no|no,? wait|wait,? no|on second thoughts?|scratch that|no,? sorry|sorry,? no|or rather|no,? actually|nein,? lieber|non,? plutot|mejor)\b[,:. ]*(?:(?:just|only|please|better|rather|let s|nur) )*"
    r"((?:delete|remove|disable|deactivate|pause|suspend|enable|activate|resume|test|check|rotate|renew|copy|turn|switch|put|keep|deaktivier\w*|pausier\w*|losch\w*|teste|desactiv\w*|pausa)\b.*)"
)
"""What is wanted in the place of what was said first."""
_ONLY_IT = re.compile(
    r"\W*(?:please |now )?((?:turn|switch|shut|put|disable|enable|pause|resume|activate|deactivate|rotate|test|delete|remove|disconnect|copy|reactivate))(?: it| that| this| that one| this one)((?: (?:back )?(?:off|on|up|down))?)(?: again| please| now)*\W*"
)
""" "Turn it off", and nothing else."""
_SEPARATED = re.compile(
    r"\b(throw|turn|switch|put|take|bring|shut|set|cut|kick|rip|tear|clean|swap|try|pull|wake|start|clear) ((?:(?:the|our|my|that|this|its|old|whole) )*(?:@[pnv])(?: (?:\w+ )?(?:connection|integration|account|key|token))?)"
    r" (back on|away|off|on|out|down|up|over)\b"
)
""" "Throw X away": the verb's two parts, with what it is about between them."""


def _forms(reading: Reading) -> Iterator[str]:
    """The marked text; with who is meant in the place of "it", or of "the email connection"; and its words in English."""
    named = re.findall(r"@[pn]", reading.marked) or ["@p"] * bool(reading.standing)
    if named and (instead := _INSTEAD.match(reading.marked)):
        yield _PRONOUN.sub(named[0], instead[1])
    yield reading.marked
    if not reading.standing and (kind := _of_kind(reading)):
        yield reading.marked.replace(kind[0], "@p")
    if (joined := _SEPARATED.sub(r"\1 \3 \2", reading.marked)) != reading.marked:
        yield joined
    if not (reading.standing or reading.own_name or reading.vendors) and _ONLY_IT.fullmatch(reading.marked):
        yield _ONLY_IT.sub(r"\1 @p\2", reading.marked)
    if named and _PRONOUN.search(reading.marked):
        yield _PRONOUN.sub(named[0], reading.marked)
    if (translated := english(reading.marked, compounds=False)) != reading.marked:
        yield translated


_CONNECTION = r"(?=(?: \w+)? (?:connections?|integrations?|adapters?|connectors?|logins?|credentials?|passwords?)\b)"


def _of_kind(reading: Reading) -> tuple[str, list[str]] | None:
    """The words by which a connection is called after its kind, and the providers that are of it."""
    for kind, words in reading.lexicon.kinds.items():
        if found := re.search(words.pattern + _CONNECTION, reading.marked):
            return found[0], reading.lexicon.of_kind[kind]
    return None


_REPOSITORY = re.compile(
    r"\b(?:push\w*|commits?|pull requests?|issues?|releases?)\b.{0,30}(?<![\w./@:-])[a-z0-9][\w-]*/[a-z][\w.-]*(?![\w/])"
)
"""Events of a repository, by its name alone."""


def _asked(reading: Reading, parts: Parts | None, text: str) -> rules.Rule | None:
    rule = None if _HOW.match(text) or _TROUBLE.search(text) else rules.first(rules.EVENTS, text)
    if (
        rule
        and (
            reading.standing
            or _REPOSITORY.search(reading.message.bare)
            or "webhook" in text
            or "trigger" in text
            or "workflow" in text
        )
        and not calls_strongly(reading)
    ):
        return rule
    for group in (rules.USAGE, *(() if _HOW_TO.match(text) else (rules.LIFE, rules.LOOK))):
        rule = rules.first(group, text)
        if rule and not (parts and parts.schedule and rule.kind not in ("disable",)) and not rather_calls(reading, rule):
            return rule
    return None


def rather_calls(reading: Reading, rule: rules.Rule) -> bool:
    """Whether words of a managing request are meant for the provider: a message deleted, a domain verified."""
    if rule.kind == "copy" and re.search(r"\bbucket\b|\w\.\w{2,4}\b to ", reading.message.words):
        return True
    return (
        rule.kind in ("list", "test", "delete", "status", "usage", "rotate")
        and calls_strongly(reading)
        and not re.search(r"connection|integration|verbindung|conexi|connexion|credential|token|\bkey\b|login", reading.marked)
    )


def calls_strongly(reading: Reading) -> bool:
    """Whether the provider's own action fits, with a literal input of it in the text."""
    best = reading.best()
    provider = best.provider if best else ""
    action = reading.best_action(provider, reading.message.words) if provider else None
    if action is None or is_question_of_ability(reading):
        return False
    inputs = inputs_of(action.name, action.fields, reading.things, automates=False)
    return bool(inputs) or bool(
        re.search(
            r"\b(?:bounces?|templates?|buckets?|channels|suppression|prices|models|stats|users|files|customers)\b",
            reading.message.words,
        )
    )


_LISTING = re.compile(
    r"\W*(?:what|which|how many) (?:\w+ )?(?:templates?|buckets?|channels?|users|people|contacts?|lists?|files?|customers?|prices|models|issues|tickets|pages|rows|deals|bounces|events|meetings)"
    r" (?:do|have|are|did|exist|does)\b(?!.*\b(?:can|could|support\w*|offer\w*|available)\b)(?! events)"
)
""" "What templates do we have in …": asks for what is there, not for what is possible."""


def is_question_of_ability(reading: Reading) -> bool:
    return not _LISTING.match(reading.marked) and bool(rules.first(rules.CAPABLE, reading.marked))


def managed(reading: Reading, rule: rules.Rule) -> Intent:
    reading.take(reading.standing or reading.implied_here())
    if not reading.result.provider and (kind := _of_kind(reading)):
        reading.result.providers = kind[1]
        reading.result.provider = kind[0] if kind[0] in kind[1] else kind[1][0] if len(kind[1]) == 1 else ""
    reading.result.needs_clarification = (
        not reading.result.provider and not reading.own_name and rule.kind not in ("list", "usage", "events")
    )
    if rule.kind == "events":
        events(reading)
    if rule.kind == "copy":
        projects(reading)
    if reading.own_name and rule.kind == "copy":
        if not reading.result.provider and reading.own_name not in (reading.result.source_project, reading.result.target_project):
            reading.result.config["name"] = reading.own_name
            reading.result.needs_clarification = False
    elif reading.own_name and rule.kind in MANAGED:
        reading.result.config["name"] = reading.own_name
    return reading.as_kind(rule.kind, rule.why)


def events(reading: Reading) -> None:
    if not reading.result.provider and _REPOSITORY.search(reading.message.bare):
        reading.result.provider, reading.result.providers = "github", ["github"]
    if not reading.result.provider and "webhook" in reading.message.words:
        reading.result.provider = "webhook"
        reading.result.providers = ["webhook", "http"]
    reading.result.event, _ = reading.best_event([reading.result.provider], reading.message.words)


def projects(reading: Reading) -> None:
    word = r"[\"'“]?([\w][\w-]*)[\"'”]?"
    project = r"(?:project|projekt|projet|proyecto|projeto|progetto|workspace)"
    source = reading.things.find(
        rf"\b(?:from|of|aus|von|desde|de|depuis|out of)(?: the| our)? {project}s? {word}",
        rf"\b(?:from|of|aus|von|desde|de|depuis)(?: the| our)? {word}(?: {project})?(?= (?:in|to|into|nach|a|over|ins|vers|para|should|must|needs|has)\b|\W*$)",
    )
    source = source or reading.things.find(
        rf"\bas in(?: the| our)?(?: {project})? {word}",
        rf"\b(?:that|which|like|as)(?: the| our)? {word} (?:has|uses|got|does)\b",
    )
    wants = re.search(
        rf"^\W*(?:the |our )?(?:{project} )?{word}(?: {project})? (?:needs|wants|should (?:have|get)|gets)\b|\bgive (?:the )?{project} {word}",
        reading.message.raw,
        re.IGNORECASE,
    )
    target = (
        (wants[1] or wants[2])
        if wants
        else reading.things.find(
            rf"\b(?:in|to|into|ins|im|nach|al|a|en|dans|vers|au|para|no|nel|naar|for)(?: the| our| my| dem| das| el| le| o)? {project} {word}",
            rf"\b(?:in|to|into|ins|nach|en|dans|vers|para|for)(?: the| our| my| das| el| le)? {word} {project}",
            rf"\b(?:into|to|nach|vers|para|al|in)(?: the| our| my| das)? {word}(?= too| as well| also|[.?!]|$)",
            rf"\b{project} {word}(?= too| as well|[.?!]|$)",
        )
    )
    plain = ("the", "our", "my", "this", "another", "other", "project", "it", "too", "all", "a", "both")
    reading.result.source_project = "" if source.lower() in plain or source.lower() in reading.lexicon.plain_names else source
    reading.result.target_project = "" if target.lower() in plain else target
