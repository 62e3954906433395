"""Other languages: a folded text with the words of requests put into English, so that what knows English words understands it."""

import re
from functools import cache

from powerstrip.chat import knowledge

_SHORTENED = re.compile(r"\b(who|what|where|when|how|it|that|there) s\b")
_COMPOUND = re.compile(r"(?<=[a-z]{4})-(?=[a-z]{4})")
_WORD = re.compile(r"[a-z]{2,}(?:-[a-z]+)?")


@cache
def _english() -> dict[str, str]:
    """English by the foreign word. A word of two meanings has that of the later group: changes before verbs, nouns after both."""
    table: dict[str, str] = {}
    rows = knowledge.tongues()
    for group in ("others", "changes", "verbs", "nouns"):
        for english, words in rows[group].items():
            table.update((word, english) for word in words.split() if word not in _BOTH)
    return table


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
        "liste",
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

    def put(match: re.Match[str]) -> str:
        word = match[0]
        if found := table.get(word):
            return found
        verb, hyphen, rest = word.partition("-")
        return f"{table[verb]} {rest}" if hyphen and verb in table else word

    text = _SHORTENED.sub(r"\1 is", text)
    return _WORD.sub(put, _COMPOUND.sub(" ", text) if compounds else text)
