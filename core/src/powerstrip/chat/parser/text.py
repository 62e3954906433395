"""A message as the other stages read it: redacted, folded to plain small letters, its quoted and addressed parts set aside."""

import re
import unicodedata
from functools import lru_cache

from powerstrip.chat.parser.spelling import mended
from powerstrip.value import Value

MAX_HEAD, MAX_TAIL = 1_200, 300
"""Characters of a long message that are read for its meaning: its beginning and its end. (Secrets are looked for in all of it.)"""
_QUOTED = re.compile(
    r"\"([^\"\n]{1,2000})\"|“([^”\n]{1,2000})”|„([^“”\n]{1,2000})[“”]|«\s?([^»\n]{1,2000}?)\s?»|(?<![\w])'([^'\n]{1,2000})'(?!\w)|`([^`\n]{1,2000})`"
)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,10}://[^\s\"'<>()]+(?:<secret-\d+>[^\s\"'<>()]*)*", re.IGNORECASE)
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+(?=\s?[=:])")
_SPECIAL = {
    "ß": "s",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "æ": "a",
    "œ": "o",
    "'": " ",
    "’": " ",
    "\u00a0": " ",
    "\n": " ",
    "\t": " ",
    "\r": " ",
}


@lru_cache(4096)
def _fold_letter(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    base = unicodedata.normalize("NFKD", letter)[:1].lower()[:1]
    return base if base.isprintable() and base else " "


def fold(text: str) -> str:
    """Small letters without accents; as long as the text, so that places stay the same."""
    return "".join(map(_fold_letter, text))


@lru_cache(4096)
def pattern(source: str) -> re.Pattern[str]:
    """A pattern for folded text, of whole words; its own letters are folded too."""
    folded = "".join(letter if letter.isascii() else _fold_letter(letter) for letter in source)
    return re.compile(rf"(?<![a-z0-9_-])(?:{folded})(?![a-z0-9_])")


class Quote(Value):
    """A literal in quotation marks, and where it stands."""

    text: str
    start: int
    end: int


class Message(Value):
    """One message. `folded` and `bare` have the length of `raw`; in `bare` quotes and addresses are blank."""

    raw: str
    folded: str
    bare: str
    quotes: tuple[Quote, ...] = ()

    @property
    def words(self) -> str:
        """The bare text in single spaces."""
        return " ".join(self.bare.split())


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_HEAD + MAX_TAIL else f"{text[:MAX_HEAD]} {text[-MAX_TAIL:]}"


def read(redacted: str, names: frozenset[str] = frozenset()) -> Message:
    """Mend slips, but not in these names, fold a redacted message, and find its quotes."""
    raw = "".join(letter if letter.isprintable() or letter in "\n\t" else " " for letter in _shortened(redacted))
    raw = mended(raw, [match.span() for match in _QUOTED.finditer(raw)], names)
    folded = fold(raw)
    quotes = tuple(Quote(next(filter(None, match.groups())), match.start(), match.end()) for match in _QUOTED.finditer(raw))
    bare = list(folded)
    for quote in quotes:
        bare[quote.start : quote.end] = " " * (quote.end - quote.start)
    for match in _URL.finditer(raw):
        bare[match.start() : match.end()] = " " * (match.end() - match.start())
    for match in _VARIABLE.finditer(raw):
        bare[match.start() : match.end()] = "".join(bare[match.start() : match.end()]).replace("_", " ")
    for match in re.finditer(r"<secret-\d+>", raw):
        bare[match.start() : match.end()] = "~" * (match.end() - match.start())
    return Message(raw, folded, "".join(bare), quotes)
