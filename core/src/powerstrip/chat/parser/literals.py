"""How single inputs are read out of a message: by quotation marks, by the words before them, by their form."""

import re
from collections.abc import Callable

from powerstrip.chat.intent import Value
from powerstrip.chat.parser.settings import bucket_of
from powerstrip.chat.parser.things import Things
from powerstrip.chat.parser.tongues import wide

Inputs = dict[str, Value]
QUOTED = r"(?:\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«\s?([^»]+?)\s?»|(?<!\w)'([^']+)'(?!\w)|`([^`]+)`)"
WORD = r"[\"'“`]?([\w][\w./@-]*[\w]|\w)[\"'”`]?"
PATH = r"([\w.-]+(?:/[\w.-]+)*\.[a-z]\w{1,7}|[\w.-]+(?:/[\w.-]+)+)"
STOP = frozenset([
    "the", "a", "an", "to", "in", "on", "at", "of", "for", "from", "with", "and", "or", "it", "them", "this", "that", "is",
    "as", "our", "my", "we", "new", "all", "every", "now", "please", "me", "one", "by", "into", "via",
])  # fmt: skip


SERVICES = frozenset(
    ["notion", "google", "slack", "github", "hubspot", "jira", "linear", "sendgrid", "postmark", "mailgun", "gmail"]
)
"""Names of services, which are no name of a page or a list."""


def free_quotes(things: Things, found: Inputs) -> list[str]:
    used = {str(value) for value in found.values()} | {
        each for value in found.values() if isinstance(value, list) for each in value
    }
    return [quote.text for quote in things.quotes if quote.text not in used]


def read_text(things: Things, found: Inputs) -> str:
    stated = things.find(
        rf"\b(?:text|body|message|saying|says|content|that says|with the words?|mit dem text|con el texto|avec le texte)(?: is|:)?\s*{QUOTED}"
    )
    if stated:
        return stated
    quotes = free_quotes(things, found)
    if quotes:
        return quotes[-1]
    return after(things, r"\b(?:tell|inform|notify|remind) (?:everyone |everybody |all )?(?:in |on )?#[\w-]+(?: (?:on|in|via|over) slack)?,?\s+(?!(?:about|when|if|to|of|on|in|that|as|whether|with|how|every|each|via)\b)(\w.{5,})$", r"\bsaying(?: that)?:?\s+(.+)$", r"#[\w-]+ (?:on slack |in slack )?that\s+(.+)$", r"\b(?:tell|let|inform|remind|notify)\b[^.:]*?\bthat\s+(.+)$",
                  r"\bthat (?:the|our|we|i|it|all|there|everything)\b.+$", r"(?:#[\w-]+|\+[\d ]{8,}|\d|@[\w.-]+|slack|whatsapp|sms|them)\s*(?:on slack|in slack|via \w+|with \w+)?\s*[:–—-]\s+(.+)$",
                  r"\b(?:say|post|write|send)\s+(.+?)\s+(?:to|in|into|on|an|à|en)\s+(?:the )?#")  # fmt: skip


def after(things: Things, *sources: str) -> str:
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


def read_channel(things: Things, _: Inputs) -> str:
    return (
        things.channels[0]
        if things.channels
        else things.find(
            r"\b(?:channel|kanal|canal|canale|kanaal)(?: named| called|:)?\s+[\"']?([a-z][\w-]*)", r"\bthe ([\w-]+) channel\b"
        )
    )


def read_new_channel(things: Things, _: Inputs) -> str:
    return (
        things.channels[0]
        if things.channels
        else things.find(rf"\b(?:called|named|name(?: it)?)[: ]+{WORD}", rf"\b(?:channel|kanal|canal|canale|kanaal)[: ]+{WORD}")
        or next((quote.text for quote in things.quotes), "")
    )


def read_to_mail(things: Things, found: Inputs) -> str:
    sender = read_sender(things, found)
    return next((each for each in things.emails if each != sender), "")


def read_sender(things: Things, _: Inputs) -> str:
    return things.find(
        r"\bfrom(?: address)?:?\s+([\w.+-]+@[\w.-]+\w)", r"\bas ([\w.+-]+@[\w.-]+\w)", r"\bsender:?\s+([\w.+-]+@[\w.-]+\w)"
    )


def read_to_phone(things: Things, _: Inputs) -> str:
    sender = read_from_phone(things, {})
    return next((each for each in things.phones if each != sender), "")


def read_from_phone(things: Things, _: Inputs) -> str:
    found = re.search(r"\bfrom(?: our| number| the)*:?\s+(\+\d[\d ().-]{5,18}\d)", things.raw)
    return re.sub(r"[^\d+]", "", found[1]) if found else ""


def read_subject(things: Things, _: Inputs) -> str:
    return things.find(
        rf"\b(?:subject|betreff|asunto|objet|assunto|titled)(?: line)?(?: is|:)?\s*{QUOTED}",
        r"\b(?:subject|betreff|asunto|objet|assunto)(?: line)?(?: is|:)?\s+(.+?)(?=\s*(?:,|;| and (?:body|text)| with (?:body|text)| body| text|\.\s|\.?$))",
    )


def read_body(things: Things, found: Inputs) -> str:
    stated = things.find(
        rf"\b(?:body|description|text|comment|saying|says|with|notes?|message|content|details?)(?: is|:)?\s*{QUOTED}"
    )
    if stated and stated not in found.values():
        return stated
    quotes = free_quotes(things, found)
    if quotes:
        return quotes[-1]
    return after(things, r"\bsaying(?: that)?:?\s+(.+)$", r"\bthat (?:the|we|it|this|i)\b.+$", r"(?<=[\w\d]): (?!//)(.+)$")


def read_title(things: Things, found: Inputs) -> str:
    stated = things.find(
        rf"\b(?:titled?|called|named|name|summary|title|about|subject|labell?ed|titel|título|titre)(?: is|:)?\s*{QUOTED}"
    )
    if stated:
        return stated
    quotes = free_quotes(things, found)
    if quotes:
        return quotes[0]
    return things.find(
        r"\b(?:titled?|called|named|summary)(?: is|:)?\s+([^,;\"]+?)(?=\s+(?:in|for|on|to|with|under|and|from|at)\b|[,;.]|$)",
        r"(?<=[\w]): (?!//)((?-i:[A-Z])[^,;]{3,80})$",
    )


def quoted_or(*sources: str) -> Callable[[Things, Inputs], str]:
    """A field that is found by these patterns (each with groups), stop words not taken."""
    sources = tuple(map(wide, sources))

    def read(things: Things, found: Inputs) -> str:
        for source in sources:
            value = things.find(source)
            if value and value.lower() not in STOP | SERVICES and value not in found.values():
                return value
        return ""

    return read


def number_after(*sources: str) -> Callable[[Things, Inputs], Value | None]:
    def read(things: Things, _: Inputs) -> Value | None:
        found = things.find(*sources)
        return int(found) if found.isdigit() else None

    return read


def read_labels(things: Things, _: Inputs) -> list[str]:
    found = things.find(
        r"\blabels?(?: of)?:?\s+([\"'\w][^.;]*?)\s+(?:to|on) ",
        r"\blabel (?:it|them|that|this)(?: as| with)?\s+([\"'\w][^.;]*?)(?=[.;]|$)",
        r"\b(?:as|with labels?|with the labels?|labell?ed(?: as)?|tags?|labels:?|mit)\s+([\"'\w][^.;]*?)(?=\s+(?:in|on|to|from)\b|[.;]|$)",
    )
    parts = [part.strip(" \"'“”") for part in re.split(r",| and | und | y | & | et ", found)]
    return [
        part
        for part in parts
        if re.fullmatch(r"[\w-]+(?: [\w-]+)?", part) and part.lower() not in STOP and not part.isdigit() and "issue" not in part
    ][:8]


def read_values(things: Things, found: Inputs) -> list[str]:
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
        [part for part in parts if part and part not in taken and part.lower() not in STOP]
        if len(parts) > 1 or (parts and "range" in found)
        else []
    )


def read_amount(things: Things, _: Inputs) -> str:
    return things.find(
        rf"(?:{_MONEY_SIGN})\s?(\d[\d,]*(?:\.\d+)?)",
        rf"\b(\d[\d,]*(?:\.\d+)?)\s?(?:{_MONEY})(?!\w)",
        r"\b(?:amount|worth|of|for|over|valued? at|value)(?: is|:)?\s+(\d[\d,]*(?:\.\d+)?)(?![\w/-])",
    ).replace(",", "")


_MONEY_SIGN = r"[€$£¥]|USD|EUR|GBP|CHF"
_MONEY = r"€|\$|£|usd|eur(?:os?)?|gbp|chf|dollars?|pounds?|francs?|yen|jpy|cad|aud|sek"
_CURRENCIES = {"€": "eur", "$": "usd", "£": "gbp", "¥": "jpy", "eu": "eur", "do": "usd", "po": "gbp", "fr": "chf", "ye": "jpy"}


def read_currency(things: Things, _: Inputs) -> str:
    found = things.find(rf"\d\s?({_MONEY})(?!\w)", rf"({_MONEY_SIGN})\s?\d", rf"\b(?:in) ({_MONEY})\b").lower()
    return found if re.fullmatch(r"[a-z]{3}", found) else _CURRENCIES.get(found[:1], _CURRENCIES.get(found[:2], ""))


def read_expires(things: Things, _: Inputs) -> int | None:
    match = re.search(
        r"\b(\d+|an?|one|two)[ -]?(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?)\b", things.raw, re.IGNORECASE
    )
    if match is None:
        return None
    number = {"a": 1, "an": 1, "one": 1, "two": 2}.get(match[1].lower()) or int(match[1])
    return number * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[match[2][0].lower()]


_NAMED = (r"\b(?:first|given) ?name(?: is|:)?\s+([\w'’-]+)", r"\b(?:last|family|sur) ?name(?: is|:)?\s+([\w'’-]+)")


def read_person(place: int) -> Callable[[Things, Inputs], str]:
    def read(things: Things, _: Inputs) -> str:
        stated = things.find(_NAMED[place])
        if stated and stated.lower() not in STOP:
            return stated
        names = read_full_name(things).split()
        return " ".join(names[1:]) if place else (names[0] if names else "")

    return read


def read_full_name(things: Things, _: Inputs | None = None) -> str:
    stated = things.find(rf"\b(?:named|called|name(?: is|:)?|for)\s*{QUOTED}")
    if stated:
        return stated
    match = re.search(
        r"\b(?:for|named|called|customer|contact|name|lead|user|kunden?|para|pour|für|cliente)(?: is|:)?,?\s+((?:(?-i:[A-Z])[\w'’-]+)(?:\s(?-i:[A-Z])[\w'’-]+)*)",
        things.raw,
    ) or re.search(r"((?:(?-i:[A-Z])[\w'’-]+)\s(?:(?-i:[A-Z])[\w'’-]+))\s*(?:,|\(|<)\s*[\w.+-]+@", things.raw)
    return match[1] if match else ""


def read_email(things: Things, _: Inputs) -> str:
    return things.emails[0] if things.emails else ""


def read_bucket(things: Things, _: Inputs) -> str:
    return bucket_of(things)


def read_key(things: Things, found: Inputs) -> str:
    if quoted := next((quote for quote in free_quotes(things, found) if "." in quote or "/" in quote), ""):
        return quoted
    candidates = [match[1] for match in re.finditer(rf"(?<![\w@./:-]){PATH}(?![\w@])", things.raw)]
    return next((each for each in candidates if each != found.get("bucket") and each != found.get("prefix")), "") or things.find(
        rf"\b(?:key|object|file)\s+{WORD}(?= (?:in|from|to))"
    )


def read_pair(place: int) -> Callable[[Things, Inputs], str]:
    def read(things: Things, _: Inputs) -> str:
        match = re.search(
            r"\b(?:copy|duplicate|clone|move|rename|kopiere|copia)\s+(?:the )?(?:file |object )?[\"'`]?([\w./-]+)[\"'`]?\s+(?:(?:in|from|within)\s.+?\s)?(?:to|as|into|nach|a)\s+[\"'`]?([\w./-]+\w)",
            things.raw,
            re.IGNORECASE,
        )
        return match[place + 1] if match else ""

    return read


def read_range(things: Things, _: Inputs) -> str:
    return things.find(
        r"\b((?-i:[A-Z]){1,3}\d*:(?-i:[A-Z]){1,3}\d*)\b", r"\bcell ((?-i:[A-Z]){1,3}\d+)\b", r"\b((?-i:[A-Z]){1,2}\d{1,4})\b"
    )


def read_deal(things: Things, found: Inputs) -> str:
    quotes = free_quotes(things, found)
    return (
        quotes[0]
        if quotes
        else things.find(
            r"\b(?:called|named)\s+(.+?)(?=\s+(?:worth|for|at|in|with|to)\b|[,.;]|$)",
            r"\bdeal:?\s+(?!in\b|with\b|for\b|to\b|worth\b)(.+?)(?=\s+(?:to|worth|in|at|as|for|into)\b|[,.;]|$)",
            r"\bthe ((?-i:[A-Z])[\w &-]*?) deal\b",
        )
    )


def read_moment(at: int) -> Callable[[Things, Inputs], str]:
    return lambda things, _: things.moments[at] if len(things.moments) > at else ""


def read_query(things: Things, found: Inputs) -> str:
    quotes = free_quotes(things, found)
    if quotes:
        return quotes[0]
    return things.find(
        r"\b(?:e?-?mails?|messages?) (?:from|by) (.+?)(?=\s+(?:in|on|at)\b|[?.]|$)",
        r"\b(?:about|matching|containing|mentioning|for|with|named|called|über|sobre|sur)\s+(?:the )?(?:words? |term |phrase )?(.+?)(?=\s+(?:in|on|at|from|within|im|en|dans|to)\s+(?:our |the |my |all )?(?:notion|hubspot|linear|jira|github|salesforce|stripe|google|gmail|intercom|team|slack|repo|[a-z-]+/|wiki|workspace|inbox)|\s+(?:are|is|exist)\b|[?.]|$)",
        r"\b(?:search|find|look up|look for)\s+(?:notion |hubspot |linear |jira |github |gmail |salesforce )?(?:for )?(.+?)(?=\s+(?:in|on|at)\b|[?.]|$)",
    )


def read_sentence_after_verb(things: Things, found: Inputs) -> str:
    quotes = free_quotes(things, found)
    if quotes:
        return quotes[-1]
    return things.find(
        r"\b(?:image|picture|illustration|photo|drawing|logo|bild|imagen)(?: of| showing| with| von| de|:)\s+(.+?)(?=\s+(?:with|using|via|by|through|mit|con|from) (?:open ?ai|chatgpt|gpt|dall)|[.?]|$)",
        r"\bdraw (?:me )?(.+?)(?=\s+(?:with|using|via) |[.?]|$)",
        r"\b(?:ask|have|let) (?:open ?ai|chatgpt|gpt\S*)(?: to)?:?\s+(.+)$",
        r"\b(?:text|phrase|sentence|string|words?|message|check|moderate|prompt|embed\w*(?: for| of)?)[: ]+(.+?)(?=\s+(?:with|using|via|on|by|through) (?:open ?ai|chatgpt|gpt)|[.?]|$)",
        r"(?<=\w): (?!//)(.+)$",
    )


def read_jql(things: Things, _: Inputs) -> str:
    return kept(
        things,
        r"\b(?:jql|search|query|find|run)(?: jira)?(?: for| with)?:?\s+((?:project|status|assignee|labels?|priority|reporter|created|updated|sprint|type|issuetype|text|summary|resolution|due)\s*(?:=|!=|~|in|not|>|<|is)\s*.+)$",
        r"((?:project|status|assignee|priority|created|updated|sprint|issuetype|labels)\s*(?:=|!=|~|in \(|>=?|<=?)\s*.+)$",
    )


def kept(things: Things, *sources: str) -> str:
    """The first group that is found, its quotation marks kept."""
    found = (re.search(source, things.raw, re.IGNORECASE) for source in sources)
    return next((match[1].strip() for match in found if match), "")


def raw_after(source: str) -> Callable[[Things, Inputs], str]:
    def read(things: Things, _: Inputs) -> str:
        match = re.search(source, things.raw, re.IGNORECASE | re.DOTALL)
        return match[0].strip().rstrip(".") if match else ""

    return read


def read_attachments(things: Things, _: Inputs) -> list[str]:
    return [
        match[0] for match in re.finditer(r"(?<![\w@./:-])[\w./-]+\.(?:pdf|csv|docx?|xlsx?|png|jpe?g|txt|zip|ics)\b", things.raw)
    ]


def read_filename(things: Things, _: Inputs) -> str:
    return next(iter(read_attachments(things, {})), "") or things.find(
        r"(?<![\w@./:-])([\w./-]+\.(?:md|json|log|mp4|gif|ya?ml|html|wav|mp3))\b"
    )


def read_object(things: Things, _: Inputs) -> str:
    found = things.find(
        r"\b(accounts?|leads?|contacts?|opportunit(?:y|ies)|cases?|tasks?|campaigns?|products?|orders?|contracts?|quotes?|users?|events?|assets?|\w+__c)\b(?! (?:google )?(?:spread)?(?:sheet|list|page|table|tab|database|channel|team|bucket))"
    ).lower()
    singular = found[:-3] + "y" if found.endswith("ies") else found.rstrip("s")
    return singular if singular.endswith("__c") else singular.capitalize()


def read_resource(place: int) -> Callable[[Things, Inputs], str]:
    def read(things: Things, _: Inputs) -> str:
        match = re.search(rf"\b({_RESOURCES})/([\w.-]+\w|\w)", things.raw)
        if place == 0 and match and (several := re.search(rf"\b({_RESOURCES})s\b", things.raw, re.IGNORECASE)):
            return read_resource_name(several[1])
        if match:
            return match[place + 1]
        kind = re.search(rf"\b({_RESOURCES})s?\b", things.raw, re.IGNORECASE)
        if place == 0:
            return read_resource_name(kind[1]) if kind else ""
        return things.find(rf"\b(?:{_RESOURCES}|id)(?: resource)?(?: with)?(?: id| number|:|#)*\s+[\"']?([\w-]*\d[\w-]*)")

    return read


_RESOURCES = "Patient|Observation|Encounter|Practitioner|Condition|MedicationRequest|Medication|Appointment|AllergyIntolerance|DiagnosticReport|Immunization|Procedure|DocumentReference|Organization|Location|Coverage|Claim|Consent|CarePlan|ServiceRequest|Questionnaire|QuestionnaireResponse|Schedule|Slot|Task|Device|ValueSet|Specimen|Communication|Subscription|Goal|RelatedPerson"


def read_resource_name(word: str) -> str:
    return next((name for name in _RESOURCES.split("|") if name.lower() == word.lower()), word)


def read_url(things: Things, _: Inputs) -> str:
    return things.addresses[0].url if things.addresses else ""


def read_method(things: Things, _: Inputs) -> str:
    found = re.search(r"\b(GET|POST|PUT|PATCH|DELETE)\b", things.raw)
    return found[1] if found else ""
