"""Parts of a sentence that asks for an automation: what happens, and what is to be done then."""

import re
from itertools import pairwise

from powerstrip.chat.parser.schedule import cron_of
from powerstrip.chat.parser.text import Message, pattern
from powerstrip.value import Value

DO = (
    r"describe|index|ask|mirror|reflect|relay|route|propagate|replicate|prepare|print|pass|hand|attach|increase|flag|pin|transfer|convert|transcribe|extract|rate|rank|snooze|reopen|resolve|revoke|grant|request|verify|convert|classify|dispatch|invoke|page|tweet|pull(?! ?requests?)|enrich|score|escalate|remind|page|suppress|send|post|create|text|ping|call|add|notify|make|tell|open|email|mail|mark|update|write|upsert|message|reply|answer|comment|log|file|append|copy|upload"
    r"|archive|store|save|forward|share|sync|start|run|trigger|launch|dispatch|summari[sz]e|translate|assign|close|merge|delete|remove|set|put|get|fetch|list|invoke"
    r"|hit|record|register|alert|inform|schedule|invite|charge|refund|generate|compute|draft|raise|let|drop|announce|warn|dm|whatsapp|sms|ring|unsubscribe|subscribe"
    r"|react|label|tag|move|transition|publish|note|query|search|push|backup|back up|moderate|check|embed|classify|reindex|resume|issue|bill|book|block|patch|export"
    r"|avis\w+|notifi\w+|previen\w+|envoi\w*|ajoute\w*|cre[aei]\w*|mand[ae]\w*|invi[ae]\w*|scrivi|aggiungi|salva|apri|stuur|maak|voeg|zet|schrijf|plaats|meld|coloca|coloque|registr[ae]\w*|anot[ae]\w*|trag\w*|hang\w*|offne\w*|eroffne\w*|antworte\w*|repond\w*|respond[ae]\w*|ecri\w*|escrib[ae]\w*|salve|guarde|liga|ligue|avertis\w*|archivi?\w*|tag\w*"
    r"|schreib\w*|sende|schick\w*|erstell\w*|leg|poste|benachrichtig\w*|informier\w*|ruf|fuge|trag|aktualisier\w*|speicher\w*|melde|mach|lade|sag|fass"
    r"|envoie\w*|envoyer|cree\w*|creer|ajoute\w*|poste\w*|previens|ecris|notifie\w*|mets|appelle|publie\w*|sauvegarde|resume"
    r"|envia\w*|envie|crea\w*|cria\w*|crie|manda\w*|avisa\w*|notifica\w*|publica\w*|publique|agrega|anade|escribe|llama|actualiza|guarda|adiciona|pon|abre|escreve|poste"
)
_STARTS = (
    r"when(?:ever)?|as soon as|each time|every time|any ?time|the (?:moment|instant|second|minute)|wenn|sobald|jedes mal,? wenn|immer wenn|falls|quand|lorsqu?e?|des qu?e?|chaque fois que"
    r"|cuando|cada vez que|siempre que|en cuanto|quando|sempre que|assim que|ogni volta che|wanneer|zodra|als(?= (?:een|de|het|er|iemand|we)\b)|の?とき|たら|si(?= (?:un|une|el|la|le|los|las|les|l|alguien|on|quelqu un|se|ein|um|uma)\b)|(?:^|(?<=[.!] ))(?:wird|werden|kommt|geht|trifft|landet|meldet)(?= (?:ein|eine|die|der|das|jemand|sich|im|in|bei|uber)\b)"
)
_TRIGGER = pattern(_STARTS)
_IF = pattern(r"if(?= (?!(?:it|that|this|possible|you|we can|needed|so|not|i)\b))")
_AFTER = pattern(r"after|once|upon|on (?:every|each|any|new)|for (?:every|each)|with (?:every|each|any) new|following")
_VERB = pattern(
    rf"(?:{DO})(?! (?:is|gets?|was|has|are|from|of|comes?|arrives?|changes?|that|which|\w+ed|fires?|lands?|goes|bounces?|fails?|completes?|closes?|opens?)\b)"
)
_COMMA_VERB = re.compile(
    rf"(?:,|;|:|—|–| - |\bthen\b|\bdann\b|\bso\b)\s*(?:then |please |just |bitte |also |we |i want (?:you )?to |i d like (?:you )?to |you |it should |should |automatically |immediately |(?:have|get|let|make|ask|tell) [\w-]+(?: to)? |s il te plait |por favor |dann )*(?={DO})"
)
_NOT_VERB_AFTER = re.compile(
    r"(?:\bto|\bum|\buma|\bun|\buna|\bune|\bein|\beine|\been|\bthe|\ba|\ban|\bnew|\bevery|\beach|\bof|(?<!sent )(?<!comes )(?<!came )(?<!filled )(?<!handed )(?<!writes )(?<!checks )(?<!signs )\bin|\bfrom|\bmy|\bour|\bwe|\bi|\bthey|\bgets?|\bis|\bon|\bvia|\bcheck|\ballows?|\bper|#) $|[#/@.-]$"
)
_ARROW = re.compile(r"\s(?:-+>|=+>|→|⇒|➜|➡)\s?|(?<=\w)(?:->|→|=>)(?=\s)")
_SHOULD = re.compile(r"\b(?:should|must|shall|has to|have to|needs? to|ought to|gets?|soll|sollen|doit|debe|deve)\b")
_NEW = re.compile(
    r"^\W*(?:[\w ]{0,20}: )?(?:any |every |each |all |a |jede[rs]? |neue[rs]? |cada |chaque |nueva? )?(?:new|incoming|neue[rs]?|nuev[oa]|nouve\w+|fresh|every new)\b"
)
_HAPPENED = re.compile(
    r"^\W*(?:(?!please|can|could|we|i|you)\w+ ){1,4}(?:opened|created|closed|merged|paid|received|deleted|updated|submitted|failed|posted|added|signed|uploaded|changed|arriving|coming in) (?:on|in|at|to|by|from|via)\b"
)
_EVERY_DONE = re.compile(
    r"\b(?:every|each|all|any) (?:new|submitted|incoming|created|completed|received|updated|deleted|signed|uploaded|paid)\b[^,;]*?(?:(?: in| from) (?:the |our |my )?(?:s3 )?(?:bucket|sheet|spreadsheet|inbox|database) ?[\w-]*(?= |$)|)(?= (?:to|in|into|on|via|with|by|through|from) |[,;:]|$)"
)
_NAMED_DAILY = re.compile(
    r"(?<=[a-z] )(?:Daily|Weekly|Monthly|Nightly|Hourly)\b|(?<=\bthe )(?:daily|weekly|monthly|nightly|hourly)\b"
)
_QUESTION = re.compile(
    r"^\W*(?:when (?:do|does|did|will|are)|why|warum|wieso|pourquoi|por que|what|which|who|how|where|does|do|did|is|are|was|were|can|could you tell|has|have|explain|show|list)\b"
)
_BACK = re.compile(
    r"(?:\.\.\.|…|,|—|-)?\s*\b(?:no,? wait|wait,? no|scratch that|i mean|sorry|actually no|correction|strike that|no)\b[,:. ]*(?:just )?"
)


class Parts(Value):
    """Places of the trigger and of the action in the message; a schedule, where that is the trigger."""

    trigger: tuple[int, int]
    action: tuple[int, int]
    schedule: str = ""


def split(message: Message) -> Parts | None:
    """Tell the trigger from the action; None where the message asks for no automation."""
    bare = message.bare
    whole = (0, len(bare))
    if (arrow := _ARROW.search(bare)) and not re.match(r"\s*~", bare[arrow.end() :]):
        return _told(bare, (0, arrow.start()), (arrow.end(), len(bare)))
    if _QUESTION.match(bare) and not re.match(r"\W*(?:can|could) you\b", bare):
        return None
    if cron := cron_of(
        _NAMED_DAILY.sub(lambda match: "#" * len(match[0]), message.raw).lower()
        if _NAMED_DAILY.search(message.raw)
        else message.folded
    ):
        return Parts(whole, whole, cron)
    for opening in (_TRIGGER, _IF, _AFTER):
        if match := _first(opening, bare):
            return _around(bare, match)
    return _without_word(bare)


def _first(opening: re.Pattern[str], bare: str) -> re.Match[str] | None:
    return next(
        (
            match
            for match in opening.finditer(bare)
            if not re.search(
                r"\b(?:test|you know|i know|we know|tell me|check|see|what happens|even) $"
                if opening is not _IF
                else r"\b(?:test|know|tell me|check|see|what happens|even) $",
                bare[: match.start()],
            )
        ),
        None,
    )


GETS = re.compile(
    r"\b(?:get|receive|want|like|need|have|expect) (?:to (?:get|receive|have) )?(?:an? |the )?(?:text|sms|e-?mail|mail|message|call|note|notification|alert|ping|reminder|whatsapp|post|ticket|issue|row)\b(?! (?:from|of))"
)
""" "We would like to get a text when …"."""


def _around(bare: str, match: re.Match[str]) -> Parts | None:
    before, after = bare[: match.start()], bare[match.end() :]
    leading = _VERB.search(before)
    if GETS.search(before) or (leading and not _NOT_VERB_AFTER.search(before[: leading.start()]) and len(before.split()) > 1):
        return _told(bare, (match.start(), len(bare)), (0, match.start()))
    cut = _cut(after)
    if cut is None:
        return None
    return _told(bare, (match.start(), match.end() + cut), (match.end() + cut, len(bare)))


_ENUMERATED = re.compile(r"\s*[\w ]{2,24}\b(?:(?:,| and| or) ?[\w ]{2,24})*\s*")
"""Nouns in a list ("with name, email and total"), which are no deed."""


def _cut(after: str) -> int | None:
    """Where the trigger ends and the action begins."""
    commas = list(_COMMA_VERB.finditer(after))
    if commas:
        return next(
            (one.start() for one, other in pairwise(commas) if not _ENUMERATED.fullmatch(after[one.end() : other.start()])),
            commas[-1].start(),
        )
    for verb in _VERB.finditer(after):
        if (
            verb.start() > 6
            and not _is_noun(verb, after)
            and not _NOT_VERB_AFTER.search(after[: verb.start()])
            and len(after[: verb.start()].split()) > 1
        ):
            return verb.start()
    comma = after.find(",")
    return comma if comma > 0 else None


_NOUNISH = re.compile(
    r"(?:call|message|issue|note|record|comment|file|e?mail|text|charge|refund|check|push|label|tag|invoice|bill|book|sms|whatsapp|query|list)$"
)
_AFTER_NAME = re.compile(
    r"(?:\b(?:twilio|slack|github|stripe|jira|linear|hubspot|intercom|notion|google|salesforce|postmark|sendgrid|mailgun|s3|fhir|phone|text|support|paid|failed|member|order) )$"
)


def _is_noun(verb: re.Match[str], text: str) -> bool:
    """ "A Twilio call": a word that may be a verb, after a name."""
    return bool(_NOUNISH.match(verb[0]) and _AFTER_NAME.search(text[: verb.start()]))


def _without_word(bare: str) -> Parts | None:
    """ "New row in the sheet should create an invoice", "upload every submitted form to S3", "on failures do that"."""
    if (_NEW.match(bare) or _HAPPENED.match(bare)) and (should := _SHOULD.search(bare) or _COMMA_VERB.search(bare)):
        return _told(bare, (0, should.start()), (should.start() if should.re is _COMMA_VERB else should.end(), len(bare)))
    if every := _EVERY_DONE.search(bare):
        if _VERB.search(bare[: every.start()]):
            return Parts((every.start(), every.end()), (0, len(bare)))
        if cut := _cut(bare[every.end() :]) if every.start() < 12 else None:
            return Parts((0, every.end() + cut), (every.end() + cut, len(bare)))
    if match := re.match(
        r"\W*(?:on(?! (?:voudr|veut|utilis|aimer|souhait|doit|peut|a besoin|est en train))|upon|for) (?=\w+)", bare
    ):
        cut = _cut(bare[match.end() :])
        if cut is not None:
            return _told(bare, (0, match.end() + cut), (match.end() + cut, len(bare)))
    return None


def meant(text: str) -> str:
    """A text without a deed that was taken back: "schedule it … no: post …"."""
    backs = [each for each in _BACK.finditer(text) if _VERB.match(text, each.end())]
    return text[backs[-1].end() :] if backs else text


def _told(bare: str, trigger: tuple[int, int], action: tuple[int, int]) -> Parts:
    """Within the action, what was taken back does not count."""
    if back := _BACK.search(bare, *trigger):
        taken = [
            verb.start()
            for verb in _VERB.finditer(bare, trigger[0] + 5, back.start())
            if not _NOT_VERB_AFTER.search(bare[: verb.start()])
        ]
        trigger = (trigger[0], taken[-1] if taken else trigger[1])
    backs = list(_BACK.finditer(bare, *action))
    if backs and _VERB.search(bare, backs[-1].end(), action[1]):
        action = (backs[-1].end(), action[1])
    return Parts(trigger, action)
