"""Requests about what a project already has, beyond its connections' own: told by their form and by the names that are there."""

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from powerstrip.chat.parser.text import fold
from powerstrip.value import Value, field

Kind: TypeAlias = Literal[
    "greet",
    "overview",
    "test_all",
    "rename",
    "run",
    "publish",
    "unpublish",
    "pause",
    "resume",
    "set",
    "webhook",
    "count",
    "failures",
]
_NAME = r"[\"'“]?(?P<{}>[^\"'”]{{1,100}}?)[\"'”]?"
_OF = r"(?:the |our |my |die |der |das |le |la |el )?(?:(?:connection|integration|automation|workflow|flow) )?"
_PLEASE = r"^\W*(?:please |can you |could you |bitte |now )*"
_END = r"(?: (?:please|now|again|bitte|jetzt))?[\s.!?]*$"
_IT = r"(?:it|this|that|(?:the |this |that |my )?(?:new |last |saved )?(?:draft|automation|workflow|flow)|es|ihn|den entwurf|le|lo|la|el borrador|le brouillon)"
_GREET = re.compile(
    r"\W*(?:hello|hi|hey|good (?:morning|afternoon|evening|day)|hallo|guten (?:tag|morgen|abend)|moin|servus|gruezi|bonjour|bonsoir|salut|"
    r"hola|buen[oa]s (?:dias|tardes)|ola|bom dia|ciao|buongiorno|hoi|thanks?(?: you)?|danke|merci|gracias|grazie|obrigad[oa])"
    r"(?:,? (?:there|hub|powerstrip|all|everyone|a lot|very much))?\W*"
)
_OVERVIEW = re.compile(
    r"\W*(?:what(?: i| ?')?s (?:the |our |my )?(?:overall |current |general )?(?:status|state|situation)(?: here| now| today| of (?:everything|things|all|the (?:hub|project)))?|"
    r"(?:status|overview|summary)(?: please| of (?:everything|the (?:hub|project)))?|"
    r"how (?:are (?:things|we)|is (?:everything|it all|it))(?: doing| going| looking)?(?: today| now)?|"
    r"is (?:everything|all)(?: still)? (?:ok(?:ay)?|fine|well|good|alright|up|running|working|healthy))\W*"
)
_TEST_ALL = re.compile(
    _PLEASE
    + r"(?:re-?test|test|check|verify|probe|try|teste|prufe?|prueba|verifie) (?:everything|(?:all|every|each)(?: (?:of )?(?:the |our |my )?)?"
    r"(?:connections?|integrations?|one|of them)?|alles?|alle (?:verbindungen|integrationen)|tout|toutes les connexions|todo|todas las conexiones)"
    + _END
)
_RENAME = re.compile(
    _PLEASE + r"(?:rename|benenne|renomme|renombra|rinomina) " + _OF + _NAME.format("name")
    + r"(?: connection| integration)? (?:to|into|as|in|en|a) " + _NAME.format("to") + r"(?: um)?" + _END,
    re.IGNORECASE,
)  # fmt: skip
_RUN = re.compile(
    _PLEASE + r"(?:run|start|trigger|execute|launch|kick off|starte|lance|demarre|ejecuta|avvia) " + _OF + _NAME.format("name")
    + r"(?: automation| workflow| flow)?(?P<sandbox> (?:in (?:the |a )?sandbox|as a test))?"
    + r"(?:,? (?:with|where|for|using|mit|avec|con)(?: the| these)?(?: inputs?| values?)?:? (?P<inputs>.{1,2000}))?" + _END,
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_PAUSE = re.compile(
    _PLEASE + r"(?P<verb>pause|suspend|halt|stop|disable|deactivate|turn off|switch off|resume|unpause|continue|reactivate|enable|activate|turn on|switch on|"
    r"pausiere|stoppe|arrete|reprends|reanuda|detener) " + _OF + _NAME.format("name") + r"(?: automation| workflow| flow)?" + _END,
    re.IGNORECASE,
)  # fmt: skip
_PUBLISH = re.compile(
    _PLEASE + r"(?:(?:yes|ok|sure|save(?: it)?|go ahead)\b,? ?(?:(?:and|then|und) )?)?(?:"
    r"(?P<verb>(?:un|re-?)?publish|veröffentlich\w*|publie|publica|pubblica) (?:(?P<it>" + _IT + r")|" + _OF + r"(?:draft )?" + _NAME.format("name") + r")"
    r"|(?:put|make|set|bring) (?:(?P<it2>" + _IT + r")|" + _OF + r"(?:draft )?" + _NAME.format("name2") + r") (?:live|into force)"
    r"|(?P<live>go live)(?: with (?:" + _IT + r"|" + _OF + _NAME.format("name3") + r"))?"
    r"|(?P<back>take) (?:(?P<it4>" + _IT + r")|" + _OF + _NAME.format("name4") + r") (?:offline|out of force|back)"
    r")(?: automation| workflow| flow| draft)?" + _END,
    re.IGNORECASE,
)  # fmt: skip
_RESUMES = re.compile(r"resume|unpause|continue|reactivate|enable|activate|turn on|switch on|reprends|reanuda", re.IGNORECASE)
_SET = re.compile(
    _PLEASE
    + r"(?:set(?! up)|change|update|switch|make|modify|setze?|andere|cambia|change[rz]?) (?P<what>.{2,120}?)\s?(?: to be| to|=|:| as| into| auf| a| en| sur) (?P<to>\S.{0,300})",
    re.IGNORECASE | re.DOTALL,
)
_WEBHOOK = re.compile(
    _PLEASE
    + r"(?:make|create|add|set up|register|new|i (?:want|need)|give me) (?:an? |the )?(?:new )?(?:outbound |outgoing )?webhook\b(?! trigger)"
    r"(?P<rest>.{0,200}?)(?P<url>https?://[^\s,;\"']+)(?P<more>.{0,200})$",
    re.IGNORECASE | re.DOTALL,
)
_LIST = re.compile(
    _PLEASE + r"(?:i want to |we need to |let s |help me )?(?:connect(?: to)?|add|set up|link|integrate|hook up|verbinde|connecte|conecta|collega) (?P<list>.{3,200}?)"
    + _END, re.IGNORECASE,
)  # fmt: skip
_AND = re.compile(
    r"\s*(?:,\s*(?:and|und|et|y)?|\band\b(?: also| then)?|\bund\b|\bet\b|\by\b|\be\b|&|\+|\bas well as\b|\bplus\b|\bthen\b)\s+",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\bhow many (?P<what>(?:\w+ ){0,4}?(?:calls?|invocations?|runs?|requests?|failures?|errors?|e-?mails?|messages?|sms|texts?))\b"
)
_FAILURES = re.compile(
    r"\b(?:what(?: has| have)?|did (?:anything|something)|has (?:anything|something)|anything) (?:gone |go |went )?(?:wrong|fail\w*|broke\w*|break)\b|"
    r"^\W*(?:(?:are|were) there |have there been |show (?:me )?|list |see )?(?:any |the |all |our |my |last |recent |latest )*(?:errors|failures|failed (?:calls|runs|invocations))\b|"
    r"\b(?:why|warum|wieso|pourquoi|por que|perche)\b.{0,80}\b(?:fail\w*|error\w*|go wrong|went wrong|not (?:sent|delivered|work\w*|run|ran|start\w*|fire\w*|go out|arrive\w*)|"
    r"n t (?:it )?(?:send|run|start|work|go out|arrive)|break|broke\w*|crash\w*|fehlgeschlagen|scheiter\w*|echoue\w*|fallo|fallado)"
)  # fmt: skip
_NOT_FAILURES = re.compile(r"\btriggers?\b|\bwebhooks?\b|\bevents?\b|\btoken\b|\bkey\b|\bpayment\w*\b.*\bstripe\b")
_PAIR = re.compile(
    r"[\"']?([A-Za-z_][\w.-]{0,63})[\"']?\s*(?:=|:|\bis\b|\bas\b|\bset to\b|\bto\b|\s)\s*(?:\"([^\"]*)\"|'([^']*)'|“([^”]*)”|(.+?))(?=\s*(?:,|;|\band\s+[\w.-]+\s*(?:=|:|is\b)|$))",
    re.DOTALL,
)
WORDS_OF_TIME = {"today": 0, "heute": 0, "aujourd": 0, "hoy": 0, "oggi": 0, "yesterday": 1, "gestern": 1, "hier": 1, "ayer": 1, "week": 7, "woche": 7, "semaine": 7, "month": 30}  # fmt: skip
"""Days back from the beginning of today."""


class Everyday(Value):
    """One such request. `name` is of what is there, as it is written there; `what` and `to` are the person's words."""

    kind: Kind
    name: str = ""
    what: str = ""
    to: str = ""
    inputs: dict[str, str] = field(default_factory=dict[str, str])
    sandbox: bool = False
    days: int | None = None


def everyday(redacted: str, connections: Iterable[str], automations: Iterable[str]) -> Everyday | None:
    """The request that a redacted message makes, by the project's names; None where it makes none of these."""
    text, own, flows = " ".join(fold(redacted).split()), list(connections), list(automations)
    raw = " ".join(redacted.split())
    for kind, shape in (("greet", _GREET), ("overview", _OVERVIEW), ("test_all", _TEST_ALL)):
        if shape.fullmatch(text):
            return Everyday(kind)  # type: ignore[arg-type]  # the kinds of the table
    if (said := _WEBHOOK.match(raw)) and "incoming" not in text:
        return Everyday("webhook", what=f"{said['rest']} {said['more']}".lower(), to=said["url"].rstrip(".)"))
    if said := _RENAME.match(raw):
        return Everyday("rename", known(said["name"], own), said["name"], said["to"].strip())
    if (said := _RUN.match(raw)) and (name := known(said["name"], flows)):
        return Everyday("run", name, inputs=pairs(said["inputs"] or ""), sandbox=bool(said["sandbox"]) or "sandbox" in text)
    if (said := _PAUSE.match(raw)) and not known(said["name"], own) and (name := known(said["name"], flows)):
        return Everyday("resume" if _RESUMES.fullmatch(said["verb"]) else "pause", name)
    if (said := _PUBLISH.match(raw)) and (asked := _publication(said, flows)):
        return asked
    days = next((back for word, back in WORDS_OF_TIME.items() if re.search(rf"\b{word}\b", text)), None)
    if said := _COUNT.search(text):
        return Everyday("count", _among(text, flows), said["what"], days=days)
    if _FAILURES.search(text) and ((name := _among(text, flows)) or not _NOT_FAILURES.search(text)):
        return Everyday("failures", name, text, days=days)
    if said := _SET.match(raw):
        return Everyday("set", _among(text, own), said["what"], said["to"].strip().rstrip(".!"))
    return None


def _publication(said: re.Match[str], flows: list[str]) -> Everyday | None:
    """Of a named automation, or of the one that was spoken of; None where another thing is named, such as a release."""
    kind: Kind = "unpublish" if said["back"] or (said["verb"] or "").lower().startswith("un") else "publish"
    named = next((said[each] for each in ("name", "name2", "name3", "name4") if said[each]), "")
    name = known(named, flows)
    return None if named and not name else Everyday(kind, name)


def several(redacted: str) -> list[str]:
    """The things that "connect A, B and C" lists, each a word or two; fewer than two where it is no such list."""
    said = _LIST.match(" ".join(redacted.split()))
    parts = [each.strip() for each in _AND.split(said["list"])] if said else []
    return parts if len(parts) > 1 and all(each and len(each.split()) <= 3 for each in parts) else []


def known(said: str, names: Iterable[str]) -> str:
    """The name among these that is said, whatever its capitals; empty where it is none of them."""
    wanted = fold(said).strip(" \"'.")
    return next((name for name in names if fold(name) == wanted), "")


def pairs(text: str) -> dict[str, str]:
    """`name = value` and the like, one after another, by their names. Values are texts without their quotation marks."""
    found: dict[str, str] = {}
    for match in _PAIR.finditer(
        re.sub(r",?\s+\band\b\s+(?=[\w.-]+\s*(?:=|:|is\b))", ", ", text.strip().strip("{}").rstrip(".!"))
    ):
        found[match[1]] = next(each for each in match.groups()[1:] if each is not None).strip()
    return found


def _among(text: str, names: Iterable[str]) -> str:
    """The longest of these names that stands in a text."""
    return next(
        (
            name
            for name in sorted(names, key=len, reverse=True)
            if re.search(rf"(?<![\w#@./-]){re.escape(fold(name))}(?![\w@/-])", text)
        ),
        "",
    )
