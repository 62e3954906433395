"""Slips of the keyboard in the words that requests are made of: "conncet", "rotaet", "intergration", "webook".

Only words that stand alone, in small letters, outside quotation marks and addresses are mended, and only to a word of requests that is
one slip away. A word that is itself known, or another form of a known one, is left.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

_STEMS = (
    "connect disconnect integrate delete remove disable enable activate deactivate reactivate rotate replace renew refresh update create"
    " schedule trigger notify append upload download archive summarize translate comment close merge refund charge invoice subscribe publish"
    " unsubscribe suppress verify validate duplicate replicate pause resume suspend submit register configure authorize authenticate receive"
    " switch list search label assign transition export import forward install message"
)
_NOUNS = (
    "connection integration credential password token webhook channel template customer contact ticket issue project bucket invoice payment"
    " subscription workflow automation status event message email calendar spreadsheet document database conversation appointment patient"
    " record release repository provider trigger secret account domain region endpoint whatsapp morning evening weekday monday tuesday wednesday"
    " request thursday friday saturday sunday month please every whenever bounce delivery account"
)
_KEPT = frozenset([
    "deletion", "delegate", "remote", "remover", "closet", "closer", "closely", "lister", "listen", "listed", "mergers",
    "meager", "messages", "massage", "massages", "passage", "parent", "patients", "patient's", "impatient", "costume",
    "costumes", "token", "taken", "takes", "tokens", "channels", "chanel", "chancel", "evens", "evening", "event's", "even",
    "invent", "invest", "connector", "connectors", "connects", "integral", "integer", "integers", "resumes", "resumed",
    "consume", "presume", "submits", "subject", "register", "registry", "charger", "charged", "chance", "change", "changed",
    "changes", "exchange", "accounts", "accounting", "amount", "domains", "remain", "regions", "religion", "month", "months",
    "mouth", "records", "recorder", "recorded", "reports", "report", "record's", "clients", "labels", "label", "libel", "lapel",
    "project", "projector", "reject", "rejected", "object", "protect", "recent", "credentials", "credential's", "potential",
    "essential", "statues", "statute", "status's", "station", "static", "stats", "state", "states", "email's", "gmail", "mails",
    "emails", "hotmail", "create", "creates", "created", "creator", "great", "crate", "crates", "renews", "review", "reviews",
    "reviewed", "updates", "update's", "upgrade", "upgraded", "enabler", "enabled", "unable", "able", "tickets", "ticker",
    "ticked", "wicket", "picket", "trickle", "buckets", "budget", "budgets", "basket", "issues", "tissue", "issuer", "invoices",
    "voices", "voice", "invoicing", "bounces", "bounced", "ounces", "pounce", "pause", "paused", "cause", "causes", "because",
    "clause", "every", "very", "ever", "never", "everyone", "fever", "whenever", "morning", "mourning", "warning", "webhooks",
    "notified", "notifies", "notification", "modify", "modified", "replaced", "replaces", "relace", "place", "places",
    "rotated", "rotates", "domain", "removes", "removed", "release", "released", "releases", "released", "relapse", "relate",
    "archived", "archives", "archive's", "documented", "documents", "publisher", "published", "public", "dispatch", "installs",
    "installed", "installer", "instead", "instant", "import", "imports", "imported", "important", "export", "exports",
    "exported", "exposed", "contract", "contracts", "contrast", "contact", "contacts", "contacto", "contacte", "assignee",
    "assignees", "resumen", "resumes", "projet", "projets", "projekt", "projekte", "proyecto", "projeto", "connecte",
    "verbinde", "passwort", "passworts", "integra", "integre", "webhook's", "sujet", "cliente", "kunde", "configura",
    "installe", "copie", "publie", "publica", "publique", "document", "dokument", "documento", "calendario", "kalender",
    "creare", "create", "creer", "crear", "agenda", "notifica", "envoie", "envia", "clone", "clones", "forwards", "towards",
    "reward", "workflows", "flow", "supplier", "signed", "evento", "eventos", "conexion", "connexion", "mensaje", "integrated",
    "canal", "canale", "message", "messaggio", "suscribe", "lundi", "mardi", "montag", "montags", "lunes", "event", "evento",
    "expert", "experts", "receives", "received", "receiver", "recipe", "secrets", "secret's", "sacred", "private", "privacy",
    "friday", "today",
])  # fmt: skip


def _forms(stem: str) -> tuple[str, ...]:
    base = stem.removesuffix("e")
    twice = base + base[-1]
    if stem.endswith("y"):
        return (stem, f"{stem[:-1]}ies", f"{stem[:-1]}ied", f"{stem}ing", f"{stem[:-1]}ier")
    return (
        stem,
        f"{stem}s",
        f"{base}ed",
        f"{base}ing",
        f"{twice}ed",
        f"{twice}ing",
        f"{stem}d",
        f"{stem}es",
        f"{base}ion",
        f"{base}or",
        f"{base}er",
    )


def _past(stem: str) -> str:
    return f"{stem[:-1]}ied" if stem.endswith("y") else f"{stem.removesuffix('e')}ed"


_WORDS = frozenset(form for stem in _STEMS.split() for form in _forms(stem)) | frozenset(
    form for noun in _NOUNS.split() for form in (noun, f"{noun}s", noun.removesuffix("y") + "ies")
)
_TARGETS = tuple(word for word in dict.fromkeys((*_STEMS.split(), *(_past(stem) for stem in _STEMS.split()), *_NOUNS.split(),
                                *(f"{noun}s" for noun in _NOUNS.split()))) if len(word) > 5)  # fmt: skip
_WORD = re.compile(r"(?<![\w@#./:'\"`“„<-])[a-zA-Z][a-z]{2,13}(?![\w@/:'\"`”-]|\.\w)")


def distance(one: str, other: str) -> int:
    """How many letters must be put in, left out, changed or swapped with their neighbour to get from one word to the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        older, before, row = before, row, [at]
        for to, wanted in enumerate(other, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, older[to - 2] + 1)
            row.append(cost)
    return row[-1]


_SHORT = {
    swapped: word
    for word in ("send", "post", "list", "test", "copy", "call", "when", "with", "from", "mail", "text", "move", "show", "find", "stop", "turn", "tell", "every", "each", "make", "drop", "pause", "close", "check", "slack", "jira")
    for at in range(len(word) - 1)
    if (swapped := word[:at] + word[at + 1] + word[at] + word[at + 2 :]) not in (word, "form", "mial", "opts", "stop", "post")
}  # fmt: skip
"""Short words with two neighbouring letters swapped."""
_SLIPS = {
    "whn": "when",
    "wehn": "when",
    "evry": "every",
    "evey": "every",
    "snd": "send",
    "pls": "please",
    "yuo": "you",
    "teh": "the",
    "adn": "and",
    "dont": "don t",
}
"""Short words as they are mistyped most."""


@lru_cache(2048)
def _mended(word: str) -> str:
    if word in _SLIPS:
        return _SLIPS[word]
    if len(word) < 6 and (word in _SHORT or word in _WORDS or word in _KEPT):
        return _SHORT.get(word, word)
    if len(word) < 5:
        return word
    if word in _WORDS or word in _KEPT:
        return word
    if len(word) == 5:  # a letter was left out
        left = [
            each
            for each in _TARGETS
            if len(each) == 6 and each[0] == word[0] and each[-1] == word[-1] and distance(word, each) == 1
        ]
        return left[0] if len(left) == 1 else word
    near = [each for each in _TARGETS if abs(len(each) - len(word)) < 2 and each[0] == word[0] and sorted_near(each, word)]
    near = [each for each in near if distance(word, each) == 1]
    return near[0] if len(near) == 1 or (near and len({each[:5] for each in near}) == 1) else word


def sorted_near(one: str, other: str) -> bool:
    """Whether two words have nearly the same letters: a quick look before the slow one."""
    return len(set(one) ^ set(other)) < 3


def mended(text: str, quotes: Sequence[tuple[int, int]] = (), known: frozenset[str] = frozenset()) -> str:
    """The text with slips in its words mended; what stands in these places, and words of `known`, is left."""

    def fix(match: re.Match[str]) -> str:
        if any(start <= match.start() < end for start, end in quotes):
            return match[0]
        word = match[0]
        if (word[1:] != word[1:].lower()) or word.lower() in known:
            return word
        found = _mended(word.lower())
        return word if found == word.lower() else found

    return _WORD.sub(fix, text)
