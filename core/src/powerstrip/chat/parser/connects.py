"""New connections, questions, and what is nothing of ours."""

import re

from powerstrip.chat.intent import Intent
from powerstrip.chat.parser import asking, hints, rules
from powerstrip.chat.parser.mentions import Mention
from powerstrip.chat.parser.reading import Reading
from powerstrip.chat.parser.settings import settings_of
from powerstrip.chat.parser.tongues import english

_APP_PASSWORD = re.compile(r"\bapp[ -]?password|\bsmtp\b|\bimap\b|app-?passwort")
_OWN_WORDS = re.compile(
    r"\b(?:rotat\w*|handles?|readiness|idempotency|schedules?|cron|workers?|ledger|dead letters?|mapping|scopes?|permissions?|roles?|audit|entit(?:y|ies)|records?|templates?|integrations?|secrets?|passwords?|credentials?|connections?|tokens?|webhooks?|automations?|workflows?|powerstrip|hub|project|projects|sandbox|api keys?|oauth|actions?|events?|triggers?|providers?|encrypt\w*|services)\b"
)


_CAN_IT = re.compile(r"\W*can (?:the |our )?(?:@p|@v)\b")
_NAMED_FIRST = re.compile(r"\W*(?:the |our |my )?@p")
_OF_SERVICES = re.compile(
    r"\b(?:you|it|this|that|we|i|possible|able) (?:\w+ )?(?:do|support|offer|have|handle|connect|integrat\w*|work|talk|speak|know|help|send|read)\b|\b(?:support\w*|compatib\w*|available|possible|anything|apps?|tools?|vendors?|systems?|capabilit\w*|features?)\b|\b(?:du|ihr|tu|vous|usted|voce|can|kann\w*|puedes?|peux|pouvez|faire|hacer|machen|soporta\w*|unterstutz\w*)\b(?! (?:you|i|we)\b)"
)


def connect(reading: Reading, vendor: str, asks: bool) -> Intent:
    strong = [each for each in reading.standing if each.provider != "http" or not reading.hosted_elsewhere()]
    if vendor and not [each for each in reading.standing if each.strength == 3 and each.provider != "http"]:
        reading.as_vendor(vendor)
    elif strong and {each.provider for each in strong} == {"google"} and _APP_PASSWORD.search(reading.message.words):
        reading.result.provider, reading.result.providers = "email", ["email"]
        reading.result.reasons.append("an app password signs in at a mail server")
    elif strong:
        mail_server = [each for each in strong if each.provider == "email"]
        reading.take(mail_server if mail_server and {each.provider for each in strong} <= {"email", "google", "s3"} else strong)
    elif not guess_connection(reading):
        return unclear(reading, asks)
    if strong and not vendor and is_plain_word(reading, strong):
        reading.result.provider, reading.result.providers = "", []
        return reading.as_kind("other", "the name is an ordinary word here")
    if not (
        asks
        or reading.has_secret
        or reading.says_settings()
        or len(reading.marked.split()) < (12 if _NAMED_FIRST.match(reading.marked) else 8)
    ):
        reading.result.provider, reading.result.providers, reading.result.vendor = "", [], ""
        return reading.as_kind("other", "it speaks of nothing to be done here")
    reading.result.config = settings_of(reading.result.provider, reading.things, connects=True)
    if str(reading.result.config.get("base_url", "")).lower() == reading.result.vendor.lower():
        reading.result.config.pop("base_url", None)
    return reading.as_kind("connect", "it asks for a connection" if asks else "it gives what a connection needs")


MAIL_HOST = re.compile(r"(?<![\w@.])(?:smtp|imap|mail|mx)\d?\.[\w-]+\.\w+", re.IGNORECASE)
_STRONGLY = re.compile(
    r"\bget (?:the |our |my )?@[pv] (?:in|going|running|working|here)\b|\b(?:connect\w*|conect\w*|hook\w*|integrat\w*|integra\w*|link\w*|set\w* ?up|add|plug|wire|sign in|log in|onboard|verbind\w*|anbind\w*|anschlie\w*|einricht\w*|branch\w*|ajout\w*|adicion\w*|conect\w*|connecte\w*)\b"
)
_AS_SERVICE = re.compile(
    r"\b(?:api|keys?|tokens?|account|workspace|integration|connection|mode|org|channel|scopes?|webhooks?|bot|app|adapter|connector|sandbox|server|data|messages|issues|payments)\b|(?:use|using|need|want) (?:our |the |my )?@p(?! of\b)|(?:with|via|through|on|in) (?:our |the )?@p(?:\W*$|,| (?:here|too|for|as|so|to|please|now)\b)|(?:switch|mov|migrat|chang)\w*\b.* to (?:the )?@p"
)


def is_plain_word(reading: Reading, strong: list[Mention]) -> bool:
    """Whether names that are ordinary words too ("slack", "linear") are just words: in small letters, and nothing is asked of a service."""
    ordinary = all(
        each.strength == 3
        and reading.lexicon.providers[each.provider].void
        and reading.message.raw[each.start : each.end].islower()
        for each in strong
    )
    return bool(
        ordinary
        and len({each.start for each in reading.found if each.strength == 3}) < 2
        and len(reading.marked.split()) > 3
        and not (
            reading.has_secret
            or reading.says_settings()
            or _STRONGLY.search(reading.marked)
            or _AS_SERVICE.search(reading.marked)
        )
    )


def guess_connection(reading: Reading) -> bool:
    """No provider is named: a kind of service, what a service does, or an address."""
    kinds = reading.kinds()
    wants = rules.CONNECT.search(reading.message.words)
    options = [provider for kind in kinds for provider in reading.lexicon.of_kind[kind]]
    found = [each.provider for each in reading.implied_here()]
    if reading.has_secret and MAIL_HOST.search(reading.message.raw):
        reading.result.provider, reading.result.providers = "email", ["email"]
        reading.result.reasons.append("a mail server's address, and a secret")
        return True
    if options and (wants or len(reading.marked.split()) < 4):
        reading.result.providers = list(dict.fromkeys(options))
        reading.result.needs_clarification = len(reading.result.providers) > 1
        reading.result.provider = reading.result.providers[0] if len(reading.result.providers) == 1 or "ehr" in kinds else ""
        reading.result.needs_clarification = not reading.result.provider
        reading.result.reasons.append(
            f"several can do it: {', '.join(reading.result.providers)}" if len(options) > 1 else "only one does that"
        )
        return True
    if found and (wants or reading.has_secret):
        reading.result.provider, reading.result.providers = found[0], list(dict.fromkeys(found))
        return True
    if reading.things.addresses and (wants or reading.has_secret or re.search(r"\bapi\b", reading.message.words)):
        reading.result.provider, reading.result.providers = "http", ["http"]
        reading.result.reasons.append("an address outside the catalog: Custom HTTP can reach it")
        return True
    return False


def unclear(reading: Reading, asks: bool) -> Intent:
    words = reading.message.words
    if reading.has_secret or (
        asks
        and re.search(r"\b(?:connect\w*|hook|integrat\w*|link|set ?up|verbind\w*|conecta\w*|connecte\w*)\b", words)
        and len(words.split()) < 14
    ):
        reading.result.needs_clarification = True
        return reading.as_kind("connect", "it asks for a connection and does not say with what")
    return reading.as_kind("other", "it speaks of nothing to be done here")


def choose_question(reading: Reading, question: rules.Rule | None, capable: rules.Rule | None) -> rules.Rule | None:
    if question and re.match(
        r"\W*(?:how|where|why|what does|what is|what s|help|explain|wie|wo|como|donde|comment)\b", reading.marked
    ):
        return capable if capable and re.match(r"\W*(?:what can|which|how many)\b", reading.marked) else question
    return capable or question


def insists(reading: Reading) -> bool:
    """A question that is a polite request: "could you please set up …"; a message that goes on to ask for the connection."""
    return bool(
        re.search(
            r"\b(?:can|could|may) (?:we|i|you|the \w+) (?:please )?(?:have|get|use|make)\b.*\b(?:connected|set ?up|hooked|wired|linked|added|integrated|working|running|going|access|plugged|here|in here|sorted)\b"
            r"|(?<!how )(?<!where )\b(?:can|could|would|will) (?:you|we|i) (?:\w+ ){0,3}?(?:connect|set up|hook|add|link|integrate|help me (?:set|connect|add|link|hook))\b",
            reading.marked,
        )
        or re.search(
            r"[?.!,;:] (?:(?:please|if so|if yes|then|so|great|ok|in that case|kindly) )*(?:connect|set|hook|add|link|then|wire|integrate)\b",
            reading.marked,
        )
        or re.search(
            r"\b(?:how about|why don t) (?:we|you)\b|help me (?:set up|connect|add|link|hook|integrate)|help (?:with )?(?:connecting|setting up|adding)|set that up|connect it",
            reading.marked,
        )
        or (reading.has_secret and not re.search(r"^\W*(?:what|why|how)\b", reading.marked))
    )


def _asked_first(reading: Reading) -> bool:
    """Whether a service outside the catalog is what is asked about: "do you support Asana, or only Jira?"."""
    first = min((start for _, start in reading.vendors), default=-1)
    return first >= 0 and all(first < each.start for each in reading.standing if each.start >= 0)


def direct(reading: Reading) -> Intent:
    """Neither managing nor automating nor calling: a question, a new connection, or nothing of ours."""
    question = rules.first(rules.ASK, reading.marked)
    capable = rules.first(rules.CAPABLE, reading.marked)
    if capable is None and _CAN_IT.match(said := english(reading.marked)):
        capable = rules.first(rules.CAPABLE, said)
    vendor = reading.vendor()
    asks = bool(rules.CONNECT.search(reading.message.words))
    if (capable or question) and not insists(reading):
        rule = choose_question(reading, question, capable)
        if rule is not None and (
            reading.standing
            or vendor
            or (
                rule.kind == "capabilities"
                and (_OF_SERVICES.search(reading.message.words) or reading.kinds() or reading.implied_here())
            )
            or _OWN_WORDS.search(reading.message.words)
            or len(reading.marked.split()) < 3
        ):
            reading.take(reading.standing or reading.implied_here())
            if vendor and (not reading.standing or _asked_first(reading)):
                reading.as_vendor(vendor)
            if rule.kind == "capabilities" and not reading.standing and not vendor:
                reading.result.provider, reading.result.providers = "", []
            return reading.as_kind(rule.kind, rule.why)
    if hint := _hint(reading):
        return asking.managed(reading, hint)
    return connect(reading, vendor, asks)


_THE_CONNECTION = re.compile(
    r"\b(?:connections?|connected|integrations?|(?:\S+-)?(?:verbindung(?:en)?|anbindung)|conexion(?:es)?|connexions?|conexao|ligacao|connessione|verbinding|conectad[oa]|(?:est|deja|bien|encore|toujours) connectee?|angebunden|(?<=@p )set ?up|setup)\b"
)
"""Words for a connection that is there, which are no wish for one."""


def _hint(reading: Reading) -> rules.Rule | None:
    """What the words speak of, where a connection of ours is named and neither a new one is asked for nor its settings told."""
    named = [each for each in reading.standing if each.strength == 3]
    if not (named or reading.own_name) or (named and is_plain_word(reading, named)):
        return None
    if (
        reading.has_secret
        or any(set(settings_of(each.provider, reading.things, connects=True)) - {"name"} for each in named)
        or insists(reading)
        or _STRONGLY.search(_THE_CONNECTION.sub(" ", reading.marked))
    ):
        return None
    return hints.hinted(reading.marked)
