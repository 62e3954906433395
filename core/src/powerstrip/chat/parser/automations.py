"""Automations: the event that a trigger means, and the action that follows."""

import re

from powerstrip.chat.parser.clauses import DO, GETS, Parts
from powerstrip.chat.parser.inputs import inputs_of
from powerstrip.chat.parser.mentions import Mention, implied
from powerstrip.chat.parser.reading import Reading, looks
from powerstrip.chat.parser.shapes import by_shape
from powerstrip.chat.parser.subjects import ENTITY, entity_of, subject_of
from powerstrip.chat.parser.text import Message, read
from powerstrip.chat.parser.things import Things
from powerstrip.chat.parser.tongues import english

_ENTITY_DEED = re.compile(
    r"\b(?:upsert|mark|update|create|save|store|write|add|delete|flag|set)\b.*\b(?:records?|entity|entities)\b"
)

_ADMITTED = re.compile(
    r"patient.*\b(?:admit|admission|aufgenommen|aufnahme|ingres|admis)|(?:admit|admission|aufnahme|ingres).*patient"
)

_MAIL_COMES = re.compile(
    r"\b(?:e?-?mails?|inbox)\b.*\b(?:arriv\w*|comes?|received?|gets? in|lands?)|\b(?:get|receive) (?:an? )?(?:new )?e?-?mail"
)

_NOT_DONE = re.compile(
    r"\b(?:can(?: no|)t|can t|could not|couldn t|cannot|isn t|is not|was not|wasn t|has not|hasn t|does not|doesn t|did not|didn t)(?: be| been| get)? (?:paid|pay|charged|delivered|deliver|sent|succeed|completed?|go(?:ne)? through|collected)\b"
)
_PROVIDERS_OWN = re.compile(
    r"\b(?:writes?|chats?|bot|us|mentions?|message|reacts?|issue|pull request|pr|bounces?|payment|contact)\b"
)

_NARROWED = {"github": ("repo",), "s3": ("bucket",), "slack": ("channel",)}
"""What people narrow a provider's events to."""


def automates(reading: Reading, parts: Parts) -> bool:
    """Fill in an automation; False where the parts make none."""
    trigger = _cut(reading.message, parts.trigger)
    event, event_provider = event_of(reading, parts, trigger)
    if not event:
        return False
    reading.result.event, reading.result.schedule = event, parts.schedule
    if fields := _NARROWED.get(event_provider):
        reading.result.narrowed = inputs_of(event, fields, Things(reading.message, *parts.trigger), automates=True)
    act(reading, parts, event_provider)
    return bool(
        reading.as_kind(
            "automate",
            "something is to be done when something happens" if not parts.schedule else "something is to be done again and again",
        )
    )


def event_of(reading: Reading, parts: Parts, text: str, *, strict: bool = False) -> tuple[str, str]:
    """The event that the trigger means and its provider; with `strict` only one whose own words are in it."""
    if parts.schedule:
        return "schedule.fired", ""
    text = _NOT_DONE.sub("fails", text)
    told = f"{text} | {english(text)}"
    here = [each for each in reading.found if parts.trigger[0] <= each.start < parts.trigger[1]]
    if re.search(r"\brecord\b", text) and not here and (event := reading.best_event(["entity"], text))[0]:
        return event
    named = [each.provider for each in here] + [each.provider for each in reading.implied_here(*parts.trigger)]
    if _ADMITTED.search(told) and not [each for each in here if each.provider != "fhir"]:
        named.insert(0, "fhir")
    if re.search(r"\bweb ?hook\b", text) and not [each for each in here if each.provider != "webhook"]:
        named.insert(0, "webhook")
    if (event := reading.best_event([each for each in named if each != "entity"], text))[0]:
        return event
    if here and not ENTITY.search(text) and (event := reading.changed(here[0].provider, told))[0]:
        return event
    if not here and _MAIL_COMES.search(told) and not re.search(r"\b(?:forms?|records?)\b", told):
        return "email.received", "email"
    if strict:
        records = ENTITY.search(text) or re.search(r"\b(?:submitted|filled (?:in|out)|signs? up|comes in)\b", text)
        return reading.best_event(["entity"], text) if records and not here else ("", "")
    elsewhere = [each.provider for each in reading.standing if each not in here]
    if not ENTITY.search(text) and _PROVIDERS_OWN.search(text) and (event := reading.best_event(elsewhere, text))[0]:
        return event
    if (event := reading.best_event(["entity"], text))[0]:
        return event
    if named and (known := reading.lexicon.providers.get(named[0])) and known.events:
        return next(iter(known.events)), named[0]
    return reading.event_of_any(told)


def act(reading: Reading, parts: Parts, event_provider: str) -> None:
    text = _cut(reading.message, parts.action)
    start, end = parts.action
    things = Things(reading.message, start, end)
    if end <= parts.trigger[0] and (more := reading.message.bare.find("; ", *parts.trigger)) > 0:
        things = Things(reading.message, more, parts.trigger[1])  # "text her when …; the number is …"
    if event_provider == "entity":
        record_of(reading, _cut(reading.message, parts.trigger), text)
    candidates = actors(reading, parts, things, text)
    if not candidates:
        candidates = [event_provider] if event_provider else []
        if re.search(
            r"\b(?:start|run|trigger|launch|kick off|begin|execute|starte?)\b (?:\w+ ){0,4}(?:workflow|automation|flow|process|job|pipeline)",
            text,
        ):
            reading.result.provider, reading.result.providers = event_provider, candidates
            return
    choose(reading, candidates, _clause_of(reading, candidates, parts, text), things)
    if reading.result.action.startswith("entity."):
        reading.result.entity = reading.result.entity or entity_of(text)
        if event_provider and event_provider != "entity":
            reading.result.provider, reading.result.providers = event_provider, [event_provider, "entity"]


def _clause_of(reading: Reading, candidates: list[str], parts: Parts, text: str) -> str:
    """Of an action in two steps ("pull new events and push them to the bucket") the step at the first candidate."""
    start, end = parts.action
    here = [each for each in (*reading.standing, *reading.implied_here(start, end)) if start <= each.start < end]
    if len({each.provider for each in here}) < 2 or not candidates:
        return text
    at = next((each.start for each in here if each.provider == candidates[0]), start)
    steps = [match.end() for match in _STEP.finditer(reading.message.bare, start, at)]
    return _cut(reading.message, (steps[-1], end)) if steps else text


_STEP = re.compile(rf"\b(?:and|then|und|et|y|e)\b (?:then )?(?={DO})")


def actors(reading: Reading, parts: Parts, things: Things, text: str) -> list[str]:
    """Providers of the action, best first."""
    start, end = parts.action
    whole_sentence = parts.trigger == parts.action
    named = [
        each
        for each in reading.standing
        if start <= each.start < end
        and (whole_sentence or not parts.trigger[0] <= each.start < parts.trigger[1] or parts.trigger[0] >= end)
    ]
    if not whole_sentence and parts.trigger[0] > start:
        named = [each for each in named if each.start < parts.trigger[0]] or named
    named += [each for each in reading.implied_here(start, end) if _PLACED.search(reading.message.bare[: each.start]) and named]
    if things.channels:
        return list(dict.fromkeys(["slack", *(each.provider for each in named)]))
    ids = [each.provider for each in named if each.strength == 3 or each.strength == 1] or [each.provider for each in named]
    if ids:
        return delivering_first(reading, ids, named)
    if _ENTITY_DEED.search(text):
        return ["entity"]
    if things.phones or re.search(r"\b(?:sms|texts?|whatsapp|ring|dial|phone)\b", text):
        return ["twilio"]
    if things.addresses or re.search(
        r"\b(?:our|the|an?|their|my) (?:\w+ ){0,2}(?:api|backend|server|endpoint|service|webhook)\b", text
    ):
        return ["http"]
    if things.emails or re.search(r"\b(?:e?-?mails?|mail)\b", text):
        return list(reading.lexicon.of_kind["email"])
    meant = [*reading.implied_here(start, end), *implied(read(english(text)), reading.lexicon)]
    return list(dict.fromkeys([*(each.provider for each in meant), *by_shape(things)])) or _repository(things)


def _repository(things: Things) -> list[str]:
    return ["github"] if re.search(r"(?<![\w./@:-])[a-z0-9][\w-]*/[a-z][\w.-]*(?![\w/])|\b[\w-]+\.ya?ml\b", things.raw) else []


_DELIVERED = re.compile(
    r"\b(?:to|on|in|via|with|through|into|using|by|over|auf|an|mit|per|en|sur|dans|a|au|para|no|na|em|nel|naar) (?:the |our |my )?$"
)
_PLACED = re.compile(r"\b(?:to|into|ins|nach|vers|al|au) (?:the |our |my |a )?$")


def delivering_first(reading: Reading, ids: list[str], named: list[Mention]) -> list[str]:
    """Of several providers the one that something goes to: the last after a preposition of place or means."""
    to = [
        each.provider
        for each in named
        if (_PLACED if each.strength == 1 else _DELIVERED).search(reading.message.bare[: each.start])
    ]
    return list(dict.fromkeys([*reversed(to), *ids]))


def choose(reading: Reading, providers: list[str], text: str, things: Things) -> None:
    if not providers:
        return
    first = providers[0]
    meant = _with_noun(english(text), reading.result.event)
    action = reading.best_action(first, text) or reading.best_action(first, meant) or reading.default(first)
    reading.result.provider, reading.result.providers = first, providers
    if GETS.search(text) and action is not None and looks(action):
        action = reading.default(first)
    if action is None:
        return
    reading.result.action = action.name
    reading.result.inputs = inputs_of(action.name, action.fields, things, automates=True)
    if reading.result.event.startswith(f"{first}."):  # what happens and what is done are at one place
        shared = {name: value for name, value in reading.result.narrowed.items() if name in action.fields}
        reading.result.inputs = shared | reading.result.inputs
    if providers == reading.lexicon.of_kind["email"]:
        reading.result.provider, reading.result.needs_clarification = first, True
    reading.result.reasons.append(f"{action.name} fits its words")


def record_of(reading: Reading, trigger: str, action: str) -> None:
    reading.result.entity = entity_of(trigger) or subject_of(trigger)
    listed = re.search(r"\((?:with |its |fields?:? )*([a-z_ ]+?(?:(?:, ?| and )[a-z_ ]+?)+)\)", trigger) or re.search(
        r"\bwith (?:its |the |their )?(?:fields? )?([a-z_ ]+?(?:(?:, ?| and )[a-z_ ]+?)+)$", trigger
    )
    fields = listed or re.search(
        r"\b(?:sync|copy|send|push|write|save|store|with|transfer|map)\s+((?:the |their |its )?[\w ]+?(?:(?:,| and ) ?[\w ]+?)+)\s+(?:to|into|in|from)\b",
        action,
    )
    if fields and not re.search(r"\d|#|@", fields[1]):
        parts = re.split(r",| and ", re.sub(r"\b(?:the|their|its)\b", "", fields[1]))
        reading.result.entity_fields = [part.strip() for part in parts if part.strip()]


_BOUNDARY = re.compile(
    r"\s*(?:(?<=\w)\s*-+>|-+>|=+>|→|⇒|➜|[:;?]|,|\s-\s|—|–|\bthen\b|\band\b|\b(?:should|must|shall|has to|needs? to|soll(?:en)?|doit|debe|deve)\b|\b(?:go(?:es)?|be sent|be copied) (?:in)?to\b"
    r"|\bgets? (?=(?:posted|sent|copied|announced|stored|archived|forwarded))|\bto be\b)\s*"
)
_HAPPENS = re.compile(
    r"\b(?:new|incoming|fresh|every|each|any|\w+ed|gets?|got|comes?|lands?|arrives?|is|was|are|goes|went|changes?|fails?|bounces?|fires?|replies|replied|moved|sent|paid|won|lost|done"
    r"|(?:in|out|live|up)(?=$| (?:on|at|in)\b)|complain\w*|fail\w*|mention\w*|push|reacts?|opens?|closes?|clicks?|creates?|deletes?|updates?|cancels?|cancellation|slash command|unsubscribes?|signs? up|submits?|posts?|pays|writes)\b"
)
_ASKS_DEED = re.compile(
    r"^\W*(?:please |bitte |can you |could you |i want (?:you )?to |in \w+ |on \w+ )?(?:create|open|add|make|send|post|show|list|get|find|search|delete|remove|connect|set ?up|hook|copy|move|close|update|give"
    r"|upload|download|comment|reply|refund|charge|invite|assign|ask|tell|write|text|call|use|need|want|put|schedule|label|merge|run|start|trigger|read|fetch|draft|generate|test|check|rotate|enable|disable)\b(?! (?:is|gets?|was|has|in|on|changes?|comes?|fails?)\b)"
)
_DEED_FOLLOWS = re.compile(
    r"\W*(?:then |so |please |just |also |be |get |we |you |i |it |them |automatically |immediately |should |a |the |directly )*(?:#|@?\w+ing\b|send|post|create|text|ping|call|add|notify|make|tell|open|e?mail|mark|update"
    r"|write|upsert|message|reply|answer|comment|log|file|append|copy|upload|archive|store|save|forward|share|sync|start|run|trigger|launch|dispatch|summari[sz]e|translate|assign|close|merge|delete|remove|set"
    r"|put|get|fetch|list|alert|inform|page|schedule|invite|charge|refund|generate|draft|raise|announce|warn|dm|whatsapp|sms|ring|unsubscribe|subscribe|react|label|tag|move|transition|publish|note|query|search"
    r"|push|back ?up|moderate|check|embed|classify|invoice|issue|bill|export|show up|posted|sent|copied|announced|stored|archived|forwarded|let|have|drop|record|register|remind|enrich|score|escalate|suppress|cancel)\b(?![.@-])"
)


def loose_parts(reading: Reading) -> Parts | None:
    """ "Subscription cancelled in Stripe: tag the contact", "new comment? mail it": a happening, a mark between, then what to do."""
    bare = reading.message.bare
    if _ASKS_DEED.match(bare) and not _ARROWED.search(bare):
        return None
    for boundary in _BOUNDARY.finditer(bare):
        left = (0, boundary.start())
        said = english(" ".join(bare[: boundary.start()].split()))
        if by_shape(Things(reading.message, *left)):
            continue
        if not 1 < len(said.split()) < 16 or not (_HAPPENS.search(said) or _ARROWED.match(boundary[0].strip())):
            continue
        if not (
            _DEED_FOLLOWS.match(english(bare[boundary.end() :]).lstrip())
            or _SENT_TO.match(reading.message.raw[boundary.start() :])
        ):
            continue
        if event_of(reading, Parts(left, (boundary.end(), len(bare))), said, strict=True)[0]:
            return Parts(left, (boundary.end(), len(bare)))
    return None


_ARROWED = re.compile(r"-+>|=+>|→|⇒|➜")
_SENT_TO = re.compile(r"\W*(?:go(?:es)?|be sent|be copied)? ?(?:in)?to (?:the )?(?:#|[A-Z])|\W*#")
_PRONOUN = re.compile(
    r"\b(?:it|one|another(?= (?:in|at|on|there|$))|them|they|him|her|this|that|le|la|lo|les|los|las|ihn|sie|es|o|a|os|as|them)\b"
)


def _with_noun(text: str, event: str) -> str:
    """The action's words with what the trigger speaks of in the place of "it"."""
    parts = event.split(".")
    noun = parts[-2] if len(parts) > 1 else ""
    return _PRONOUN.sub(noun.removesuffix("s"), text) if noun else text


def _cut(message: Message, place: tuple[int, int]) -> str:
    return " ".join(message.bare[place[0] : place[1]].split())
