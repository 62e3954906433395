"""Other languages: a folded text with the words of requests put into English, so that what knows English words understands it."""

import re
from functools import cache

from powerstrip.chat import knowledge

_SHORTENED = re.compile(r"\b(who|what|where|when|how|it|that|there) s\b")
_LOOK_THROUGH = re.compile(r"\b(?:look|go|search|dig|comb|scan|browse) (?:through|in|into|over)\b")
_COMPOUND = re.compile(r"(?<=[a-z]{4})-(?=[a-z]{4})")
_WORD = re.compile(r"[a-z]{2,}(?:-[a-z]+)?")


@cache
def _english() -> dict[str, str]:
    """English by the foreign word. A word of two meanings has that of the later group: changes before verbs, nouns after both."""
    table: dict[str, str] = {}
    rows = knowledge.tongues()
    for group in ("others", "changes", "verbs", "nouns"):
        for english, words in rows[group].items():
            table.update(
                (word, f"{english}s" if group == "nouns" and word.endswith("s") and not english.endswith("s") else english)
                for word in words.split()
                if word not in _BOTH
            )
    return table


_FOREIGN = re.compile(r"[a-z]+")
_SMALL = frozenset(
    [
        "ein",
        "eine",
        "einen",
        "einer",
        "eines",
        "und",
        "ist",
        "im",
        "auf",
        "fur",
        "von",
        "une",
        "des",
        "est",
        "dans",
        "pour",
        "sur",
        "avec",
        "uma",
        "dos",
        "das",
        "com",
        "para",
        "por",
        "del",
        "una",
        "con",
        "nel",
        "gli",
        "een",
        "het",
        "van",
        "voor",
        "naar",
    ]
)
"""Small words of other languages: a text with two of them is in one."""
_ENDING, _ROOT = 3, 4


@cache
def _stems() -> dict[str, str]:
    """English by how verbs and what changed begin, without their endings; not where two mean different things."""
    table: dict[str, set[str]] = {}
    rows = knowledge.tongues()
    for group in ("changes", "verbs"):
        for english, words in rows[group].items():
            for word in words.split():
                for length in range(max(_ROOT, len(word) - _ENDING), len(word)):
                    table.setdefault(word[:length], set()).add(english)
    return {stem: meanings.pop() for stem, meanings in table.items() if len(meanings) == 1}


@cache
def _by_stem(word: str) -> str:
    """English for another form of a word that is known; empty where none is."""
    if len(word) <= _ROOT or word in _BOTH:
        return ""
    stems = _stems()
    return next(
        (stems[word[:end]] for end in range(len(word), max(_ROOT, len(word) - _ENDING) - 1, -1) if word[:end] in stems), ""
    )


_BOTH = frozenset(
    [
        "active",
        "client",
        "clients",
        "patient",
        "agenda",
        "programme",
        "pause",
        "pause",
        "place",
        "file",
        "test",
        "die",
        "met",
        "di",
        "de",
    ]
)
"""Words that English has too, and means something else by."""


def english(text: str, *, compounds: bool = True) -> str:
    """Word by word; of a compound its last part ("Jira-Ticket"), and of a verb with a pronoun its verb ("ajoute-le")."""
    table = _english()

    foreign = len([word for word in _FOREIGN.findall(text) if word in table or word in _SMALL]) > 1

    def put(match: re.Match[str]) -> str:
        word = match[0]
        if found := table.get(word) or (foreign and _by_stem(word)):
            return found
        verb, hyphen, rest = word.partition("-")
        return f"{table[verb]} {rest}" if hyphen and verb in table else word

    text = _LOOK_THROUGH.sub("search", _SHORTENED.sub(r"\1 is", text))
    return _WORD.sub(put, _COMPOUND.sub(" ", text) if compounds else text)


_ELSEWHERE = {
    "team": "équipe|equipe|equipo|squadra|time", "list": "liste|lista|lijst", "page": "seite|página|pagina", "database": "datenbank|base de données|base de datos|banco de dados",
    "template": "vorlage|plantilla|modèle|modelo|sjabloon", "document": "dokument|documento", "project": "projekt|projet|proyecto|projeto|progetto", "bucket": "balde",
    "conversation": "unterhaltung|conversación|conversa|conversazione|gesprek", "patient": "patienten?|paciente|paziente", "stream": "strom",
}  # fmt: skip
_OF_FIELD = re.compile(rf"(?:(?<=\\b)|(?<=\())({'|'.join(_ELSEWHERE)})(?![\w|])")


def wide(source: str) -> str:
    """The pattern with a field's word in other languages too."""
    return _OF_FIELD.sub(lambda found: rf"(?:{found[1]}|{_ELSEWHERE[found[1]]})", source)
