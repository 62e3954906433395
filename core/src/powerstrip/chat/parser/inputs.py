"""Literal inputs of an action that a message states, by the field's own pattern. What is not said is not made up."""

import re
from collections.abc import Callable

from powerstrip.chat.intent import Value
from powerstrip.chat.parser.settings import bucket_of
from powerstrip.chat.parser.things import Things

Inputs = dict[str, Value]
_Q = r"(?:\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«\s?([^»]+?)\s?»|(?<!\w)'([^']+)'(?!\w)|`([^`]+)`)"
_W = r"[\"'“`]?([\w][\w./@-]*[\w]|\w)[\"'”`]?"
_PATH = r"([\w.-]+(?:/[\w.-]+)*\.[a-z]\w{1,7}|[\w.-]+(?:/[\w.-]+)+)"
_STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "to",
        "in",
        "on",
        "at",
        "of",
        "for",
        "from",
        "with",
        "and",
        "or",
        "it",
        "them",
        "this",
        "that",
        "is",
        "as",
        "our",
        "my",
        "we",
        "new",
        "all",
        "every",
        "now",
        "please",
        "me",
        "one",
        "by",
        "into",
        "via",
    ]
)


_SERVICES = frozenset(
    ["notion", "google", "slack", "github", "hubspot", "jira", "linear", "sendgrid", "postmark", "mailgun", "gmail"]
)
"""Names of services, which are no name of a page or a list."""


def inputs_of(action: str, fields: tuple[str, ...], things: Things, *, automates: bool) -> Inputs:
    """The inputs of an action with these fields, in an order where the plainer fields take what is left of the quotes."""
    provider = action.split(".", 1)[0]
    found: Inputs = {}
    for field in fields:
        reader = _BY_ACTION.get((action, field)) or _BY_PROVIDER.get((provider, field)) or _READERS.get(field)
        value = reader(things, found) if reader else _plain(field, things)
        if value not in ("", [], None):
            found[field] = value
    if automates:
        for name in ("text", "body", "title", "subject", "input"):
            if name in found and not things.quotes:
                del found[name]
    return found


def _plain(field: str, things: Things) -> str:
    """`field value` or `field: value`, for fields of adapters that nothing special is known of."""
    words = re.escape(field).replace("_", "[ _]")
    found = things.find(rf"\b{words}(?: is|:|=)?\s+(?:{_Q}|{_W})")
    return "" if found.lower() in _STOP else found


def _free_quotes(things: Things, found: Inputs) -> list[str]:
    used = {str(value) for value in found.values()} | {
        each for value in found.values() if isinstance(value, list) for each in value
    }
    return [quote.text for quote in things.quotes if quote.text not in used]


def _text(things: Things, found: Inputs) -> str:
    stated = things.find(
        rf"\b(?:text|body|message|saying|says|content|that says|with the words?|mit dem text|con el texto|avec le texte)(?: is|:)?\s*{_Q}"
    )
    if stated:
        return stated
    quotes = _free_quotes(things, found)
    if quotes:
        return quotes[-1]
    return _after(things, r"\bsaying(?: that)?:?\s+(.+)$", r"#[\w-]+ (?:on slack |in slack )?that\s+(.+)$", r"\b(?:tell|let|inform|remind|notify)\b[^.:]*?\bthat\s+(.+)$",
                  r"\bthat (?:the|our|we|i|it|all|there|everything)\b.+$", r"(?:#[\w-]+|\+[\d ]{8,}|\d|@[\w.-]+|slack|whatsapp|sms|them)\s*(?:on slack|in slack|via \w+|with \w+)?\s*[:–—-]\s+(.+)$",
                  r"\b(?:say|post|write|send)\s+(.+?)\s+(?:to|in|into|on|an|à|en)\s+(?:the )?#")  # fmt: skip


def _after(things: Things, *sources: str) -> str:
    for source in sources:
        if match := re.search(source, things.raw.strip(), re.IGNORECASE | re.DOTALL):
            value = (match[1] if match.lastindex else match[0].removeprefix("that ")).strip().strip("\"'“”")
            if (
                value
                and len(value) > 1
                and not re.fullmatch(
                    r"(?:a |the |an )?(?:slack )?(?:message|text|note|sms|update|it|this|something|reminder|summary|notification)",
                    value,
                    re.IGNORECASE,
                )
            ):
                return value
    return ""


def _channel(things: Things, _: Inputs) -> str:
    return (
        things.channels[0]
        if things.channels
        else things.find(r"\bchannel(?: named| called|:)?\s+[\"']?([a-z][\w-]*)", r"\bthe ([\w-]+) channel\b")
    )


def _new_channel(things: Things, _: Inputs) -> str:
    return (
        things.channels[0]
        if things.channels
        else things.find(rf"\b(?:called|named|name(?: it)?)[: ]+{_W}", rf"\bchannel[: ]+{_W}")
        or next((quote.text for quote in things.quotes), "")
    )


def _to_mail(things: Things, found: Inputs) -> str:
    sender = _sender(things, found)
    return next((each for each in things.emails if each != sender), "")


def _sender(things: Things, _: Inputs) -> str:
    return things.find(
        r"\bfrom(?: address)?:?\s+([\w.+-]+@[\w.-]+\w)", r"\bas ([\w.+-]+@[\w.-]+\w)", r"\bsender:?\s+([\w.+-]+@[\w.-]+\w)"
    )


def _to_phone(things: Things, _: Inputs) -> str:
    sender = _from_phone(things, {})
    return next((each for each in things.phones if each != sender), "")


def _from_phone(things: Things, _: Inputs) -> str:
    found = re.search(r"\bfrom(?: our| number| the)*:?\s+(\+\d[\d ().-]{5,18}\d)", things.raw)
    return re.sub(r"[^\d+]", "", found[1]) if found else ""


def _subject(things: Things, _: Inputs) -> str:
    return things.find(
        rf"\b(?:subject|betreff|asunto|objet|assunto|titled)(?: line)?(?: is|:)?\s*{_Q}",
        r"\b(?:subject|betreff|asunto|objet|assunto)(?: line)?(?: is|:)?\s+(.+?)(?=\s*(?:,|;| and (?:body|text)| with (?:body|text)| body| text|\.\s|\.?$))",
    )


def _body(things: Things, found: Inputs) -> str:
    stated = things.find(
        rf"\b(?:body|description|text|comment|saying|says|with|notes?|message|content|details?)(?: is|:)?\s*{_Q}"
    )
    if stated and stated not in found.values():
        return stated
    quotes = _free_quotes(things, found)
    if quotes:
        return quotes[-1]
    return _after(things, r"\bsaying(?: that)?:?\s+(.+)$", r"\bthat (?:the|we|it|this|i)\b.+$", r"(?<=[\w\d]): (?!//)(.+)$")


def _title(things: Things, found: Inputs) -> str:
    stated = things.find(
        rf"\b(?:titled?|called|named|name|summary|title|about|subject|labell?ed|titel|título|titre)(?: is|:)?\s*{_Q}"
    )
    if stated:
        return stated
    quotes = _free_quotes(things, found)
    if quotes:
        return quotes[0]
    return things.find(
        r"\b(?:titled?|called|named|summary)(?: is|:)?\s+([^,;\"]+?)(?=\s+(?:in|for|on|to|with|under|and|from|at)\b|[,;.]|$)",
        r"(?<=[\w]): (?!//)((?-i:[A-Z])[^,;]{3,80})$",
    )


def _quoted_or(*sources: str) -> Callable[[Things, Inputs], str]:
    """A field that is found by these patterns (each with groups), stop words not taken."""

    def read(things: Things, found: Inputs) -> str:
        for source in sources:
            value = things.find(source)
            if value and value.lower() not in _STOP | _SERVICES and value not in found.values():
                return value
        return ""

    return read


def _number(*sources: str) -> Callable[[Things, Inputs], Value | None]:
    def read(things: Things, _: Inputs) -> Value | None:
        found = things.find(*sources)
        return int(found) if found.isdigit() else None

    return read


def _labels(things: Things, _: Inputs) -> list[str]:
    found = things.find(
        r"\blabels?(?: of)?:?\s+([\"'\w][^.;]*?)\s+(?:to|on) ",
        r"\b(?:as|with labels?|with the labels?|labell?ed(?: as)?|tags?|labels:?|mit)\s+([\"'\w][^.;]*?)(?=\s+(?:in|on|to|from)\b|[.;]|$)",
    )
    parts = [part.strip(" \"'“”") for part in re.split(r",| and | und | y | & | et ", found)]
    return [
        part
        for part in parts
        if re.fullmatch(r"[\w-]+(?: [\w-]+)?", part) and part.lower() not in _STOP and not part.isdigit() and "issue" not in part
    ][:8]


def _values(things: Things, found: Inputs) -> list[str]:
    text = things.find(
        r"\b(?:rows?|values?|line|zeile|fila|ligne)(?: with)?:?\s+(.+?)\s+(?:to|in|into|on|at|zu|a|à)\s+(?:the |our |my |tab|sheet|spreadsheet|(?-i:[A-Z]))",
        r"\b(?:append|add|put|log|insert|write|set)\s+(.+?)\s+(?:to|in|into|on|as)\s",
        r":\s*([^:]+,[^:]+)$",
        r"\bto\s+([^,;\s]+)$",
        r"\b(?:with|values?)\s+([^:]+,[^:]+)$",
    )
    text = re.sub(r"^(?:a |the |this )?(?:new )?(?:row|line|cell (?-i:[A-Z])+\d+)s?(?: with| of)?:?\s*", "", text)
    parts = [part.strip(" \"'“”") for part in re.split(r",|\|| and ", text)]
    taken = {str(value) for value in found.values()}
    return (
        [part for part in parts if part and part not in taken and part.lower() not in _STOP]
        if len(parts) > 1 or (parts and "range" in found)
        else []
    )


def _amount(things: Things, _: Inputs) -> str:
    return things.find(
        rf"(?:{_MONEY_SIGN})\s?(\d[\d,]*(?:\.\d+)?)",
        rf"\b(\d[\d,]*(?:\.\d+)?)\s?(?:{_MONEY})(?!\w)",
        r"\b(?:amount|worth|of|for)(?: is|:)?\s+(\d[\d,]*(?:\.\d+)?)(?![\w/-])",
    ).replace(",", "")


_MONEY_SIGN = r"[€$£¥]|USD|EUR|GBP|CHF"
_MONEY = r"€|\$|£|usd|eur(?:os?)?|gbp|chf|dollars?|pounds?|francs?|yen|jpy|cad|aud|sek"
_CURRENCIES = {"€": "eur", "$": "usd", "£": "gbp", "¥": "jpy", "eu": "eur", "do": "usd", "po": "gbp", "fr": "chf", "ye": "jpy"}


def _currency(things: Things, _: Inputs) -> str:
    found = things.find(rf"\d\s?({_MONEY})(?!\w)", rf"({_MONEY_SIGN})\s?\d", rf"\b(?:in) ({_MONEY})\b").lower()
    return found if re.fullmatch(r"[a-z]{3}", found) else _CURRENCIES.get(found[:1], _CURRENCIES.get(found[:2], ""))


def _expires(things: Things, _: Inputs) -> int | None:
    match = re.search(
        r"\b(\d+|an?|one|two)[ -]?(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?)\b", things.raw, re.IGNORECASE
    )
    if match is None:
        return None
    number = {"a": 1, "an": 1, "one": 1, "two": 2}.get(match[1].lower()) or int(match[1])
    return number * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[match[2][0].lower()]


_NAMED = (r"\b(?:first|given) ?name(?: is|:)?\s+([\w'’-]+)", r"\b(?:last|family|sur) ?name(?: is|:)?\s+([\w'’-]+)")


def _person(place: int) -> Callable[[Things, Inputs], str]:
    def read(things: Things, _: Inputs) -> str:
        stated = things.find(_NAMED[place])
        if stated and stated.lower() not in _STOP:
            return stated
        names = _full_name(things).split()
        return " ".join(names[1:]) if place else (names[0] if names else "")

    return read


def _full_name(things: Things, _: Inputs | None = None) -> str:
    stated = things.find(rf"\b(?:named|called|name(?: is|:)?|for)\s*{_Q}")
    if stated:
        return stated
    match = re.search(
        r"\b(?:for|named|called|customer|contact|name|lead|user|kunden?|para|pour|für|cliente)(?: is|:)?,?\s+((?:(?-i:[A-Z])[\w'’-]+)(?:\s(?-i:[A-Z])[\w'’-]+)*)",
        things.raw,
    ) or re.search(r"((?:(?-i:[A-Z])[\w'’-]+)\s(?:(?-i:[A-Z])[\w'’-]+))\s*(?:,|\(|<)\s*[\w.+-]+@", things.raw)
    return match[1] if match else ""


def _email(things: Things, _: Inputs) -> str:
    return things.emails[0] if things.emails else ""


def _bucket(things: Things, _: Inputs) -> str:
    return bucket_of(things)


def _key(things: Things, found: Inputs) -> str:
    if quoted := next((quote for quote in _free_quotes(things, found) if "." in quote or "/" in quote), ""):
        return quoted
    candidates = [match[1] for match in re.finditer(rf"(?<![\w@./:-]){_PATH}(?![\w@])", things.raw)]
    return next((each for each in candidates if each != found.get("bucket") and each != found.get("prefix")), "") or things.find(
        rf"\b(?:key|object|file)\s+{_W}(?= (?:in|from|to))"
    )


def _pair(place: int) -> Callable[[Things, Inputs], str]:
    def read(things: Things, _: Inputs) -> str:
        match = re.search(
            r"\b(?:copy|duplicate|clone|move|rename|kopiere|copia)\s+(?:the )?(?:file |object )?[\"'`]?([\w./-]+)[\"'`]?\s+(?:(?:in|from|within)\s.+?\s)?(?:to|as|into|nach|a)\s+[\"'`]?([\w./-]+\w)",
            things.raw,
            re.IGNORECASE,
        )
        return match[place + 1] if match else ""

    return read


def _range(things: Things, _: Inputs) -> str:
    return things.find(
        r"\b((?-i:[A-Z]){1,3}\d*:(?-i:[A-Z]){1,3}\d*)\b", r"\bcell ((?-i:[A-Z]){1,3}\d+)\b", r"\b((?-i:[A-Z]){1,2}\d{1,4})\b"
    )


def _deal(things: Things, found: Inputs) -> str:
    quotes = _free_quotes(things, found)
    return (
        quotes[0]
        if quotes
        else things.find(
            r"\b(?:called|named)\s+(.+?)(?=\s+(?:worth|for|at|in|with|to)\b|[,.;]|$)",
            r"\bdeal:?\s+(?!in\b|with\b|for\b|to\b|worth\b)(.+?)(?=\s+(?:to|worth|in|at|as|for|into)\b|[,.;]|$)",
            r"\bthe ((?-i:[A-Z])[\w &-]*?) deal\b",
        )
    )


def _moment(at: int) -> Callable[[Things, Inputs], str]:
    return lambda things, _: things.moments[at] if len(things.moments) > at else ""


def _query(things: Things, found: Inputs) -> str:
    quotes = _free_quotes(things, found)
    if quotes:
        return quotes[0]
    return things.find(
        r"\b(?:e?-?mails?|messages?) (?:from|by) (.+?)(?=\s+(?:in|on|at)\b|[?.]|$)",
        r"\b(?:about|matching|containing|mentioning|for|with|named|called|über|sobre|sur)\s+(?:the )?(?:words? |term |phrase )?(.+?)(?=\s+(?:in|on|at|from|within|im|en|dans|to)\s+(?:our |the |my |all )?(?:notion|hubspot|linear|jira|github|salesforce|stripe|google|gmail|intercom|team|slack|repo|[a-z-]+/|wiki|workspace|inbox)|[?.]|$)",
        r"\b(?:search|find|look up|look for)\s+(?:notion |hubspot |linear |jira |github |gmail |salesforce )?(?:for )?(.+?)(?=\s+(?:in|on|at)\b|[?.]|$)",
    )


def _sentence_after_verb(things: Things, found: Inputs) -> str:
    quotes = _free_quotes(things, found)
    if quotes:
        return quotes[-1]
    return things.find(
        r"\b(?:image|picture|illustration|photo|drawing|logo|bild|imagen)(?: of| showing| with| von| de|:)\s+(.+?)(?=\s+(?:with|using|via|by|through|mit|con|from) (?:open ?ai|chatgpt|gpt|dall)|[.?]|$)",
        r"\bdraw (?:me )?(.+?)(?=\s+(?:with|using|via) |[.?]|$)",
        r"\b(?:ask|have|let) (?:open ?ai|chatgpt|gpt\S*)(?: to)?:?\s+(.+)$",
        r"\b(?:text|phrase|sentence|string|words?|message|check|moderate|prompt|embed\w*(?: for| of)?)[: ]+(.+?)(?=\s+(?:with|using|via|on|by|through) (?:open ?ai|chatgpt|gpt)|[.?]|$)",
        r"(?<=\w): (?!//)(.+)$",
    )


def _jql(things: Things, _: Inputs) -> str:
    return _kept(
        things,
        r"\b(?:jql|search|query|find|run)(?: jira)?(?: for| with)?:?\s+((?:project|status|assignee|labels?|priority|reporter|created|updated|sprint|type|issuetype|text|summary|resolution|due)\s*(?:=|!=|~|in|not|>|<|is)\s*.+)$",
        r"((?:project|status|assignee|priority|created|updated|sprint|issuetype|labels)\s*(?:=|!=|~|in \(|>=?|<=?)\s*.+)$",
    )


def _kept(things: Things, *sources: str) -> str:
    """The first group that is found, its quotation marks kept."""
    found = (re.search(source, things.raw, re.IGNORECASE) for source in sources)
    return next((match[1].strip() for match in found if match), "")


def _raw_after(source: str) -> Callable[[Things, Inputs], str]:
    def read(things: Things, _: Inputs) -> str:
        match = re.search(source, things.raw, re.IGNORECASE | re.DOTALL)
        return match[0].strip().rstrip(".") if match else ""

    return read


def _attachments(things: Things, _: Inputs) -> list[str]:
    return [
        match[0] for match in re.finditer(r"(?<![\w@./:-])[\w./-]+\.(?:pdf|csv|docx?|xlsx?|png|jpe?g|txt|zip|ics)\b", things.raw)
    ]


def _filename(things: Things, _: Inputs) -> str:
    return next(iter(_attachments(things, {})), "") or things.find(
        r"(?<![\w@./:-])([\w./-]+\.(?:md|json|log|mp4|gif|ya?ml|html|wav|mp3))\b"
    )


def _object(things: Things, _: Inputs) -> str:
    found = things.find(
        r"\b(accounts?|leads?|contacts?|opportunit(?:y|ies)|cases?|tasks?|campaigns?|products?|orders?|contracts?|quotes?|users?|events?|assets?|\w+__c)\b"
    ).lower()
    singular = found[:-3] + "y" if found.endswith("ies") else found.rstrip("s")
    return singular if singular.endswith("__c") else singular.capitalize()


def _resource(place: int) -> Callable[[Things, Inputs], str]:
    def read(things: Things, _: Inputs) -> str:
        match = re.search(rf"\b({_RESOURCES})/([\w.-]+\w|\w)", things.raw)
        if place == 0 and match and (several := re.search(rf"\b({_RESOURCES})s\b", things.raw, re.IGNORECASE)):
            return _resource_name(several[1])
        if match:
            return match[place + 1]
        kind = re.search(rf"\b({_RESOURCES})s?\b", things.raw, re.IGNORECASE)
        if place == 0:
            return _resource_name(kind[1]) if kind else ""
        return things.find(rf"\b(?:{_RESOURCES}|id)(?: resource)?(?: with)?(?: id| number|:|#)*\s+[\"']?([\w-]*\d[\w-]*)")

    return read


_RESOURCES = "Patient|Observation|Encounter|Practitioner|Condition|MedicationRequest|Medication|Appointment|AllergyIntolerance|DiagnosticReport|Immunization|Procedure|DocumentReference|Organization|Location|Coverage|Claim|Consent|CarePlan|ServiceRequest|Questionnaire|QuestionnaireResponse|Schedule|Slot|Task|Device|ValueSet|Specimen|Communication|Subscription|Goal|RelatedPerson"


def _resource_name(word: str) -> str:
    return next((name for name in _RESOURCES.split("|") if name.lower() == word.lower()), word)


def _url(things: Things, _: Inputs) -> str:
    return things.addresses[0].url if things.addresses else ""


def _method(things: Things, _: Inputs) -> str:
    found = re.search(r"\b(GET|POST|PUT|PATCH|DELETE)\b", things.raw)
    return found[1] if found else ""


_IN = r"(?:in|to|on|into|for|of|from|from the|in the|im|en|dans|at)"
_READERS: dict[str, Callable[[Things, Inputs], Value | None]] = {
    "channel": _channel, "text": _text, "to": _to_mail, "from_address": _sender, "from_number": _from_phone, "subject": _subject, "body": _body,
    "title": _title, "email": _email, "bucket": _bucket, "key": _key, "source_key": _pair(0), "target_key": _pair(1), "values": _values, "labels": _labels,
    "amount": _amount, "currency": _currency, "expires_in": _expires, "range": _range, "start": _moment(0), "end": _moment(1), "post_at": _moment(0),
    "query": _query, "jql": _jql, "input": _sentence_after_verb, "url": _url, "method": _method, "attachments": _attachments, "filename": _filename,
    "object": _object, "first_name": _person(0), "last_name": _person(1), "resource_type": _resource(0),
    "template": _quoted_or(rf"\btemplate(?: named| called| id| alias|:)*\s*{_Q}", rf"\b{_Q}\s+template", r"\b(?!the\b|our\b|a\b|with\b|my\b|postmark\b|sendgrid\b|mailgun\b|using\b|send\b)([\w-]+)[ -]template\b", r"\btemplate(?: named| called| id| alias|:)*\s+(?!to\b|from\b|with\b|for\b|via\b|in\b|on\b|through\b|by\b|when)([\w-]+)", r"\b(?:vorlage|plantilla|modèle|modelo)\s+([\w-]+)"),
    "message_stream": _quoted_or(r"\b([\w-]+) (?:message )?stream\b", r"\bstream:?\s+([\w-]+)"),
    "message_id": _quoted_or(r"\b([0-9a-f]{8}-[0-9a-f-]{27})\b", r"\b((?:SM|MM)[0-9a-f]{10,})\b", r"\b(?:message|id|sid)(?: id)?:?\s+([\w-]*\d[\w-]*)"),
    "list": _quoted_or(rf"\b(?:list)(?: named| called|:)*\s*{_Q}", rf"{_Q} list", r"\b(?:to|on|onto|the|our)(?: the| our)? ([\w-]+(?: (?-i:[A-Z])[\w-]+)?) (?:contact |mailing |marketing )?list\b", r"\blist(?: named| called|:)*\s+([\w-]+)"),
    "domain": _quoted_or(r"(?<![\w@.])((?:[\w-]+\.)+[a-z]{2,})(?![\w@])"),
    "phone_number": lambda things, _: things.phones[0] if things.phones else "",
    "code": _quoted_or(r"\b(?:code|otp|pin)(?: is|:)?\s+(\d{4,8})\b", r"\b(\d{4,8})\b(?= (?:the )?(?:right|correct|valid))"),
    "limit": _number(r"\b(?:last|latest|first|top|recent|newest|past|letzten)\s+(\d{1,3})\b", r"\b(\d{1,3})\s+(?:most recent|latest|newest|last|messages|bounces|results|items|events)\b", r"\blimit(?: of|:)?\s+(\d+)"),
    "ts": _quoted_or(r"\b(\d{10}\.\d{4,6})\b"),
    "emoji": _quoted_or(r":([a-z0-9_+-]+):", r"\b(?:with|a|an|the|add)\s+(?:an? |the )?([a-z_+0-9-]+?)(?:[ -]emoji| reaction)\b", r"\b(?:react|reaction|emoji)(?: with| to \S+ with|:)*\s+(?:an? |the )?([a-z_]+)\b(?!:)", r"\b(?:an? |the |with )(thumbs?[ _]?(?:up|down)|tada|eyes|white_check_mark|check ?mark|heart|rocket|fire|party|wave|clap|raised_hands|ok_hand|\+1|-1)\b"),
    "repo": _quoted_or(r"\bfrom ([A-Za-z0-9][\w-]*/[A-Za-z0-9][\w.-]*[A-Za-z0-9])\W*$", r"\b(?:in|of|on|at|for|repo|repository|project) (?:the )?(?:repo(?:sitory)? )?([A-Za-z0-9][\w-]*/[A-Za-z0-9][\w.-]*[A-Za-z0-9])(?![\w/@])", r"(?<![\w@./:])([A-Za-z0-9][\w-]*/[A-Za-z0-9][\w.-]*[A-Za-z0-9])(?![\w/@])"),
    "number": _number(r"\b(?:issue|pr|pull request|pull|bug|ticket)\s+(?:number |no\.? ?)?#?(\d+)\b", r"#(\d+)\b", r"[\w-]+/[\w.-]+#(\d+)\b"),
    "head": _quoted_or(r"\bfrom (?:the )?(?:branch )?[\"'`]?([\w./-]*\w)[\"'`]?(?: branch)? (?:in)?to\b", r"\bfrom (?:the )?(?:branch )?[\"'`]?([\w./-]*\w)", r"\bhead:?\s+([\w./-]+\w)"),
    "base": _quoted_or(r"\b(?:into|onto|against|base:?|to) (?:the )?(?:branch )?[\"'`]?((?:main|master|develop|dev|staging|production|release\S*|[\w-]+))[\"'`]?(?= branch| in\b| of\b| titled| with| called| named|[,.:]|$)"),
    "path": _quoted_or(r"(?<![\w@./:-])((?:[\w.-]+/)*[\w-]*\.?[\w-]+\.(?:md|ya?ml|json|txt|toml|py|js|ts|csv|html|cfg|ini|lock|sh|go|rs|java|rb|xml|sql))\b", r"\b(?:the )?(README|LICENSE|Dockerfile|Makefile|CHANGELOG|CODEOWNERS)\b", r"\bfile ([\w./-]+\w)"),
    "ref": _quoted_or(r"\b(?:on|from|at|branch|ref|auf|en|sur)(?: the)?(?: branch)?:?\s+[\"'`]?(main|master|develop|dev|staging|production|release[\w./-]*|v\d[\w.]*|(?:feature|fix|hotfix)/[\w.-]+|[\w.-]+(?= branch))\b", r"\bbranch:?\s+([\w./-]+\w)"),
    "tag": _quoted_or(r"\b(?:release|tag|version)(?: called| named| is|:)?\s+[\"'`]?(v?\d[\w.-]*\w|v?\d)", r"\b(v\d+(?:\.\d+)*[\w-]*)\b", r"\btag\b[^,.;\"]*? (?:as|with) [\"']?(?!the\b|a\b)([\w-]+)", rf"\btag\s*{_Q}", rf"{_Q} tag\b", r"\b(?:the|a) ([\w-]+) tag\b"),
    "workflow": _quoted_or(r"\b([\w.-]+\.ya?ml)\b", r"\b(?:the )?([\w-]+) (?:workflow|pipeline|action)\b", r"\bworkflow:?\s+([\w.-]+)"),
    "team": _quoted_or(rf"\bteam\s*{_Q}", r"\b(?:team|für team)(?: named| called|:)?\s+((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])[\w-]*)*)", r"\b(?:the|our) ((?-i:[A-Z])[\w-]*) team\b", r"\bteam\s+(?!and|in|on|for|to|with)([\w-]+)"),
    "project": _quoted_or(rf"\b(?:project|projekt|proyecto|projet|board)\s*{_Q}", r"\b(?:project|projekt|proyecto|projet|board)(?: key| named| called|:)?\s+((?-i:[A-Z])[\w-]*)", r"\b(?:the|our|in|into|to) ((?-i:[A-Z])(?-i:[A-Z0-9])+)(?: project| board)?\b(?!-\d)"),
    "issue": _quoted_or(r"\b((?-i:[A-Z])(?-i:[A-Z0-9]){1,9}-\d+)\b", r"\b([a-z]{2,6}-\d+)\b"),
    "issue_type": _quoted_or(r"\b(?:create|file|open|raise|make|add|log|new|report)\s+(?:an? |the )?(?:new )?(?:jira )?(bug|task|story|epic|sub-task|incident|improvement)\b", r"\b(?:issue )?type:?\s+(bug|task|story|epic|incident)"),
    "transition": _quoted_or(rf"\b(?:to|as|into|auf|a|in)\s*{_Q}", r"\b(?:to|as|into|auf|a|en|in)(?: status| state| column| the)?\s+((?:in progress|in review|to do|done|closed|resolved|reopened|blocked|backlog|selected for development|ready for \w+|waiting for \w+|won t do|qa|testing|open|cancelled|canceled|review|erledigt|hecho|terminé|(?-i:[A-Z])\w*(?: (?-i:[A-Z])\w*)*))\b(?!-\d)"),
    "state": _quoted_or(r"\b(?:to|as|into|auf|a|en)(?: status| state| the)?\s+[\"']?((?:in progress|in review|to ?do|done|closed|resolved|reopened|blocked|backlog|cancell?ed|open|triage|(?-i:[A-Z])\w*(?: (?-i:[A-Z])\w*)*))\b(?!-\d)", r"\b(open|closed) (?:issues|bugs|tickets)", r"\b(close|reopen)\b"),
    "assignee": _quoted_or(r"\b(?:to|assignee|assigned to|an|a)(?: is|:)?\s+([\w.+-]+@[\w.-]+\w)", r"\bassign(?: \S+){1,3} to ([A-Za-z][\w.-]*(?: (?-i:[A-Z])\w+)?)"),
    "time_spent": _quoted_or(r"\b(\d+(?:\.\d+)?\s?(?:h|hours?|hrs?|m|min|minutes?|d|days?)(?:\s?\d+\s?(?:m|min|minutes?))?)\b"),
    "page": _quoted_or(rf"\bpage(?: named| called| titled|:)*\s*{_Q}", rf"{_Q} (?:notion )?page", r"\b(?:the|our|my) ((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])?[\w-]+){0,3}?)(?: notion)? page\b", r"\bpage(?: named| called| titled|:)*\s+((?-i:[A-Z])[\w-]*(?: (?!(?:in|and|to|from|with|on|for|at|via|when)\b)[\w-]+)*)", r"\b(?!notion\b|new\b|the\b|a\b|this\b|that\b)([\w-]+) (?:notion )?page\b"),
    "database": _quoted_or(rf"\b(?:database|db)(?: named| called|:)*\s*{_Q}", rf"{_Q} (?:notion )?(?:database|db)", r"\b(?:the|our|my) ((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])?[\w-]+){0,3}?)(?: notion)? (?:database|db|table)\b", r"\b(?:database|db)(?: named| called|:)*\s+((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])[\w-]*)*)", r"\b(?!notion\b|the\b|a\b|our\b|my\b)([\w-]+) (?:notion )?(?:database|db)\b"),
    "spreadsheet": _quoted_or(rf"\b(?:spreadsheet|sheet|tabelle|hoja)(?: named| called|:)*\s*{_Q}", rf"{_Q} (?:google )?(?:spread)?sheet", r"\b(?:the|our|my|of|in|to|der|die|la)(?: the| our| my)? ((?-i:[A-Z0-9])[\w-]*(?: (?-i:[A-Z0-9])[\w-]*){0,3})(?: google)? (?:spread)?sheet\b", r"\b(?:spreadsheet|sheet|tabelle|hoja)(?: named| called|:)*\s+((?-i:[A-Z0-9])[\w-]*(?: (?-i:[A-Z0-9])[\w-]*)*)", r"\b(?:feuille|planilha|foglio|tabelle|hoja)(?: de calculo)?\s+((?-i:[A-Z])[\w-]*)", r"\b(?!google\b|the\b|a\b|our\b|my\b|new\b|that\b|this\b)([\w-]+) (?:google )?(?:spread)?sheet\b"),
    "sheet_tab": _quoted_or(rf"\b(?:tab|worksheet)\s*{_Q}", rf"{_Q} tab\b", r"\b(?:the|our) ((?-i:[A-Z])[\w-]*) tab\b", r"\b(?:tab|worksheet)(?: named| called|:)?\s+((?-i:[A-Z0-9])[\w-]*)"),
    "document": _quoted_or(rf"\b(?:doc|document|dokument)(?: named| called|:)*\s*{_Q}", rf"{_Q} (?:google )?(?:doc|document)", r"\b(?:the|our|my|to|of)(?: the| our| my)? ((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])?[\w-]+){0,3}?)(?: google)? (?:doc|document)\b", r"\b(?:doc|document|dokument)(?: named| called|:)*\s+((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])[\w-]*)*)"),
    "calendar": _quoted_or(rf"\bcalendar(?: named| called|:)*\s*{_Q}", r"\b(?:the|our) ((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])[\w-]*)?) calendar\b", r"\bcalendar(?: named| called|:)+\s+((?-i:[A-Z])[\w-]*)"),
    "name": lambda things, found: things.find(rf"\b(?:company|firm|firma|organi[sz]ation|customer|project|account|empresa)(?: named| called|:)?\s+{_Q}", r"\b(?:company|firm|firma|empresa)(?: named| called|:)?\s+((?-i:[A-Z])[\w&.-]*(?: (?-i:[A-Z&])[\w&.-]*)*)") or _full_name(things) or next(iter(_free_quotes(things, found)), "") or things.find(r"\b(?:called|named|name)(?: is|:)?\s+([^,;\"]+?)(?=\s+(?:in|for|on|to|with|worth|at|and|over)\b|[,;.]|$)"),
    "stage": _quoted_or(rf"\b(?:to|in|stage|into|as)\s*{_Q}", r"\b(?:stage(?: to| is|:)?|to|into|as)(?: stage)?\s+((?:closed won|closed lost|closed-won|closed-lost|negotiation|proposal|qualified\w*|appointment scheduled|contract sent|(?-i:[A-Z])\w+(?: (?-i:[A-Z])\w+)*))\b", r"\bas (won|lost)\b"),
    "id": _quoted_or(r"\b((?=\w*\d)[0-9][0-9A-Za-z]{14}(?:[0-9A-Za-z]{3})?)\b", r"\b(?:id|number|record)(?: is|:|#)*\s+#?([\w-]*\d[\w-]*)"),
    "soql": _raw_after(r"\bselect\b.+\bfrom\b.+$"),
    "conversation_id": _quoted_or(r"\b(?:conversation|chat|thread|ticket|unterhaltung)(?: id| number|:|#)*\s*#?(\d{3,})\b", r"\b(\d{4,})\b"),
    "customer": _quoted_or(r"\b(cus_\w+)\b"), "price": _quoted_or(r"\b(price_\w+)\b"), "charge": _quoted_or(r"\b(ch_\w+)\b"), "payment_intent": _quoted_or(r"\b(pi_\w+)\b"),
    "invoice": _quoted_or(r"\b(in_\w+)\b"), "quantity": _number(r"\b(?:quantity|qty)(?: of|:)?\s+(\d+)", r"\b(\d+)\s?(?:x|×|seats?|units?|licen[sc]es)\b"),
    "patient": _quoted_or(r"\bPatient/([\w-]+)", r"\bpatient(?: id|:|#)*\s+([\w-]*\d[\w-]*)"), "birth_date": _quoted_or(r"\b(?:born|birth ?date|dob|birthday|geboren)(?: on| is|:| am)*\s+(\d{4}-\d\d-\d\d)"),
    "prefix": _quoted_or(r"\b(?:under|prefix|in|inside|below|within|starting with|folder)(?: the| is|:)?\s+[\"'`]?([\w.-]+/(?:[\w./-]*))", r"\b(?:prefix)(?: is|:)?\s+([\w./-]+)"),
    "content": lambda things, found: things.find(rf"\b(?:content|saying|containing|with(?: the)? (?:text|content)?|text)(?: is|:)?\s*{_Q}") or next(iter(_free_quotes(things, found)), ""),
    "model": _quoted_or(r"\b(gpt-[\w.-]*\w|text-embedding-[\w-]+|dall-e-\d|gpt-image-\d|omni-moderation-\w+|o\d(?:-\w+)?)\b"),
}  # fmt: skip
_JSON = re.compile(r"\{.*\}|\[.*\]", re.DOTALL)
_BY_PROVIDER: dict[tuple[str, str], Callable[[Things, Inputs], Value | None]] = {
    ("http", "body"): lambda things, found: match[0] if (match := _JSON.search(things.raw)) else _body(things, found),
    ("twilio", "to"): _to_phone,
    ("fhir", "id"): _resource(1),
    ("intercom", "name"): _full_name,
    ("hubspot", "query"): lambda things, found: "" if "email" in found else _query(things, found),
    ("stripe", "query"): lambda things, found: "" if "email" in found else _query(things, found),
    ("intercom", "query"): lambda things, found: "" if "email" in found else _query(things, found),
    ("jira", "project"): lambda things, found: "" if "jql" in found else str(_READERS["project"](things, found) or ""),
    ("jira", "query"): lambda things, found: "" if "jql" in found else _query(things, found),
    ("github", "body"): lambda things, found: (
        _body(things, found) if "title" not in found or len(_free_quotes(things, found)) else ""
    ),
    ("jira", "body"): lambda things, found: (
        next(iter(_free_quotes(things, found)), "") if "title" in found else _body(things, found)
    ),
    ("linear", "body"): lambda things, found: (
        next(iter(_free_quotes(things, found)), "") if "title" in found else _body(things, found)
    ),
}
_BY_ACTION: dict[tuple[str, str], Callable[[Things, Inputs], Value | None]] = {
    ("slack.channel.create", "name"): _new_channel,
    ("hubspot.deal.create", "name"): _deal,
    ("hubspot.deal.update", "name"): _deal,
    ("github.issue.update", "state"): lambda things, _: {"c": "closed", "r": "open"}.get(
        things.find(r"\b(clos|re-?open)")[:1].lower(), ""
    ),
    ("intercom.conversation.assign", "team"): lambda things, _: things.find(
        r"\bto (?:the |our )?([\w-]+) team\b", r"\bteam ([\w-]+)"
    ),
    ("github.release.create", "body"): lambda things, found: next(iter(_free_quotes(things, found)), ""),
    ("github.release.create", "name"): lambda things, found: things.find(rf"\b(?:named|called|titled?)\s*{_Q}"),
}
