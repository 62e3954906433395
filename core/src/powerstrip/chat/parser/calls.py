"""Calls: one thing to be done now at a provider."""

import re
from collections.abc import Mapping

from powerstrip.chat.intent import Value
from powerstrip.chat.parser import rules
from powerstrip.chat.parser.clauses import DO, meant
from powerstrip.chat.parser.connects import MAIL_HOST
from powerstrip.chat.parser.inputs import inputs_of
from powerstrip.chat.parser.lexicon import Deed
from powerstrip.chat.parser.reading import Reading, looks, reach
from powerstrip.chat.parser.settings import settings_of
from powerstrip.chat.parser.shapes import by_shape
from powerstrip.chat.parser.subjects import entity_of
from powerstrip.chat.parser.tongues import english

_CONNECTING = re.compile(
    r"(?<![\w/.@-])(?:connect|get (?:\S+ ){1,3}(?:talking|going|working|running|connected|hooked)|hook|integrate|set ?up|set (?:that|it|this|us|me) up|richte|verbind\w*|conecta\w*|connecte\w*|plug|wire|onboard|default|link (?:up|our|my|the)|port \d+|starttls"
    r"|from (?:number|address)|sender)\b(?![./]\w)"
)

_ADDING = re.compile(
    r"^\W*(?:please |bitte |can you |could you |hi |ok )*(?:add|connect|liga|ligue|need|use|want|link|get(?= (?:@p|@v)(?: (?:in|connected|set|going|running|working|hooked)|$))|i need|we need|we use|i want|let s add|bring in) (?:the |our |a |an |in |o |el |la |le |il |het |das |den |die )*(?:@p|@v)(?! (?:to|contact|customer|issue|page|link|file|invoice|message|ticket|image|embedding|event|refund|checkout|url|download|deal|note|template)\b)"
)

_NOUNS = re.compile(
    r"\b(?:list|lists|bounces?|templates?|buckets?|channels?|users|members|stats|statistics|prices|models|suppression\w*|events?|messages|files|objects|history|issues|tickets|pages|contacts|capabilit\w+|fields|deals|invoices|customers|meetings|mails?|emails|rows|history)\b"
)

_VERBS = (
    rf"(?:{DO}|new|status|details|history|pre-?signed|send|post|create|text|ping|call|add|notify|make|tell|open|e?mail|mark|update|write|upsert|message|reply|answer|comment|log|file|append|copy|upload|archive|store|save|forward|share"
    r"|summari[sz]e|translate|assign|close|reopen|merge|delete|remove|set|put|get|fetch|list|show|read|find|search|look|download|give|generate|draw|refund|charge|bill|invoice|subscribe|schedule|cancel"
    r"|invite|react|label|tag|move|transition|publish|note|query|run|dispatch|trigger|start|kick|verify|check|validate|describe|display|draft|moderate|embed|say|announce|dm|whatsapp|ring|dial|which|who|what|how|is|never"
    r"|stop|block|suppress|unsubscribe|cut|tag|release|commit|push|book|reserve|move|reschedule|rename|record|register|patch|pull|associate|enrol|enroll|collect|take|resend|let|ask|count|see|drop|presign|test|print|edit|change|fix|store|do|did|does|was|when|has|where|any"
    r"|schick\w*|send\w*|schreib\w*|erstell\w*|leg|poste|ruf|fuge|trag|zeig\w*|such\w*|losch\w*|hol\w*|lies|sag|lade|mach|fass|gib|verschieb\w*|schliess\w*|kommentier\w*|lade|liste|envoi\w*|envoy\w*|cree|creer|ajoute|ecris|affiche|cherche|trouve|liste|supprime|appelle|ferme|envia\w*|crea\w*|cria|manda\w*|publica|busca|agrega|anade|escribe|llama|muestra|borra|lista|abre|cierra|sube)\b"
)

_IMPERATIVE = rf"(?:(?:\W|please|bitte|por favor|s il te plait|hi|hey|hello|ok|okay|now|can you|could you|would you|will you|can we|i want (?:you )?to|i d like (?:you )?to|i need (?:you )?to|go ahead and|just|kindly|let s|in|on|from|via|with|using|then|quickly|mal|schnell|go|connect \S+ and|hook up \S+ and|set up \S+ and)\s*)*{_VERBS}"

_ASKED_DEED = re.compile(
    rf"\b(?:can|could|would|will) (?:you|we|i) (?:please )?{_VERBS}|(?:and|then|,) (?:then )?{_VERBS}|\b(?:please|want (?:you )?to|need (?:you )?to|like (?:you )?to|got to|have to|let s) {_VERBS}|how many|who is|\? check|[:] "
)

_READS_AS_QUESTION = re.compile(
    r"^\W*@p (?:is|seems|looks|keeps) (?:\w+ )?(?:acting|behaving|down|slow|flaky|unavailable|broken|failing|strange|weird|odd)\b|known issues\b|^\W*(?:can|could|does|do|is|are) (?:@p|@v|it|the hub|this|we|i)\b(?! have (?:any |an? |some |new )?(?:e?mails?|messages?|meetings?|events?|issues|tickets|contacts?|invoices?|customers?))(?!.*\+\d)|(?:actions|events|triggers|capabilities) (?:of|does|for|from|are|can|do)\b|^\W*(?:how (?:do|can|does|to|would|should)|why|explain|where do|where can|what does|what can|what scopes|which (?:@p )?(?:events?|actions?|triggers?))\b"
)


def is_call(reading: Reading) -> bool:
    if _READS_AS_QUESTION.search(reading.marked) and not reading.things.quotes and not _of_one_thing(reading):
        return False
    if entity_call(reading):
        return True
    if reading.has_secret and MAIL_HOST.search(reading.message.raw):
        return False
    if (
        reading.has_secret
        and not re.match(_IMPERATIVE, reading.marked)
        and not _ASKED_DEED.search(reading.marked.replace(":", " "))
    ):
        return False
    providers = able(reading)
    for provider in providers:
        action, inputs = best_call(reading, provider)
        if action and is_convincing(reading, provider, action, inputs):
            reading.result.provider, reading.result.providers = provider, [provider]
            if set(providers) >= set(reading.lexicon.of_kind["email"]):
                reading.result.providers, reading.result.needs_clarification = providers, True
            reading.result.action, reading.result.inputs = action.name, inputs
            reading.as_kind("call_action", f"{action.name} fits its words")
            return True
    return False


_IDS = frozenset(["message_id", "issue", "number", "conversation_id", "id", "ts", "key", "charge", "payment_intent", "customer"])


def _of_one_thing(reading: Reading) -> bool:
    """Whether a question is about one thing at the provider, by its identifier: "what does message 4f… look like"."""
    best = reading.best()
    action = reading.best_action(best.provider, reading.message.words) if best else None
    if action is None or not looks(action):
        return False
    return bool(_IDS & set(inputs_of(action.name, action.fields[:1], reading.things, automates=False)))


def best_call(reading: Reading, provider: str) -> tuple[Deed | None, dict[str, Value]]:
    """The action that fits the words and finds most of its inputs stated; the provider's usual one where a deed is asked for."""
    text = meant(reading.message.words)
    deeds = reading.actions_of(provider, text)
    if not deeds and re.match(_IMPERATIVE, _LEAD.sub("", reading.marked)) and (usual := reading.default(provider)):
        deeds = [usual]
    stated = [(deed, inputs_of(deed.name, deed.fields, reading.things, automates=False)) for deed in deeds[:4]]
    if not stated:
        return None, {}
    return max(stated, key=lambda each: len(set(each[1]) - _COMMON_INPUTS))


_COMMON_INPUTS = frozenset(
    [
        "resource_type",
        "text",
        "body",
        "title",
        "name",
        "query",
        "input",
        "content",
        "limit",
        "repo",
        "channel",
        "bucket",
        "from_address",
        "message_stream",
    ]
)


def able(reading: Reading) -> list[str]:
    named = [each.provider for each in sorted(reading.standing, key=lambda each: -each.strength)]
    if named:
        return list(dict.fromkeys(named))
    text = reading.message.words
    if reading.things.channels and not re.search(r"\bdefault\b", text):
        return ["slack"]
    if reading.things.phones or re.search(r"\bsms\b", text):
        return ["twilio"]
    if (
        reading.things.emails
        and not by_shape(reading.things)
        and re.search(r"\b(?:send|email|mail|write|schick\w*|sende|envoi\w*|envia\w*|manda)\b", text)
        and "list" not in text
    ):
        return list(reading.lexicon.of_kind["email"])
    if (
        "bucket" not in text
        and re.search(r"(?<![\w./:])[a-z][\w-]*/[\w.-]+(?![\w/])", text)
        and re.search(r"\b(?:issues?|prs?|pull requests?|workflows?|releases?|repo|branch|files?|readme|merge|commits?)\b", text)
    ):
        return ["github"]
    if "bucket" not in text and re.search(
        r"\S\.[a-z]{2,4} (?:from|in|of|on) (?:the )?(?:repo(?:sitory)? )?[a-z0-9][\w-]*/[a-z][\w.-]*(?=\W*$| (?:at|on|from|with|as|in|branch|ref)\b)",
        text,
    ):
        return ["github"]
    if reading.things.addresses and _METHOD.search(reading.message.raw):
        return ["http"]
    found = [*by_shape(reading.things), *(each.provider for each in reading.implied_here())]
    return list(dict.fromkeys(each for each in found if each not in ("fhir", "notion") or re.match(_IMPERATIVE, text)))


def is_convincing(reading: Reading, provider: str, action: Deed, inputs: Mapping[str, object]) -> bool:
    """Whether the text asks for the deed now, and not for the connection that would do it."""
    words, marked = reading.message.words, _LEAD.sub("", reading.marked)
    if provider == "http":
        return bool(_METHOD.search(reading.message.raw)) and not rules.CONNECT.search(words)
    goal = _GOAL.search(words) if set(inputs) - _SENDERS and "default" not in words else None
    connecting = _CONNECTING.search(words) or _ADDING.search(reading.marked) or _ADDING.search(english(reading.marked))
    if connecting and goal is None:
        return False
    if connecting is None and not inputs and _PURPOSE.search(words):
        return False
    imperative = re.match(_IMPERATIVE, marked)
    if not imperative and "?" not in marked and _PLACES & set(settings_of(provider, reading.things, connects=True)):
        return False
    if reading.has_secret and not (inputs and (imperative or goal)):
        return False
    told = set(inputs) - (_SENDERS_ONLY if imperative else _SENDERS)
    if (imperative or _ASKED_DEED.search(words)) and (told or _NOUNS.search(words) or _NOUNS.search(english(words))):
        return True
    usual = reading.lexicon.providers[provider].default
    if imperative and connecting is None and action.name != usual and reach(action, words) >= _PLAIN:
        return True
    if looks(action) and action.name != reading.lexicon.providers[provider].default and _ASKS.search(marked):
        return True
    if reading.things.quotes and set(inputs) - _SENDERS and not rules.CONNECT.match(words):
        return True
    setup = set(inputs) & _SETTINGS_TOO
    return len(inputs) > len(setup) and (len(inputs) > 1 or action.fields[:1] == tuple(inputs))


_PLACES = frozenset(["endpoint", "region", "base_url", "host", "account_sid", "site", "instance_url", "client_id"])
"""Settings that only a connection has: who states them, and asks for nothing, wants one."""
_PLAIN = 8
"""How many characters of an action's own words make a command of it, where no input is stated."""
_LEAD = re.compile(r"^\W*(?:(?:on|in|from|via|with|using) )?@[pn]\s*[:,\u2013\u2014-]*\s*")
_METHOD = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE)\b")
_GOAL = re.compile(rf"(?:\b(?:and|then)|[,;])\s+(?:then |also |please )?(?:{DO}|say)\b")
_PURPOSE = re.compile(
    r"\b(?:(?:something|anything|a (?:way|tool|service|provider)) (?:to|for|that|which)|so (?:that )?(?:we|the|it|they|i)|in order to|to be able|should be able|able to|need to be able)\b"
)
_ASKS = re.compile(
    r"\?|\b(?:please|pls|plz|bitte|who|what|which|how many|where|list|show|see|any|latest|last|recent|current|all)\b|^\W*(?:tickets|issues|statistics|stats|delivery)"
)
_SENDERS = frozenset(["from_address", "from_number", "message_stream", "domain", "bucket", "model"])
_SENDERS_ONLY = frozenset(["from_address", "from_number", "message_stream", "model"])
_SETTINGS_TOO = frozenset(
    [
        "from_address",
        "domain",
        "bucket",
        "to",
        "email",
        "channel",
        "from_number",
        "text",
        "input",
        "repo",
        "model",
        "name",
        "message_stream",
    ]
)


def entity_call(reading: Reading) -> bool:
    words = reading.message.words
    if reading.standing or not re.search(r"\b\w+ records?\b", words) or rules.CONNECT.match(words.strip()):
        return False
    action = reading.best_action("entity", words)
    if action is None or not (re.match(_IMPERATIVE, words) or _ASKED_DEED.search(words) or "how many" in words):
        return False
    if re.search(r"\bhow many|\blist|\ball\b|\bcount", words):
        action = reading.lexicon.providers["entity"].actions["entity.record.query"]
    reading.result.provider, reading.result.providers, reading.result.action = "entity", ["entity"], action.name
    reading.result.entity = entity_of(words)
    reading.result.inputs = inputs_of(action.name, action.fields, reading.things, automates=False)
    reading.as_kind("call_action", "it asks for the project's own records")
    return True
