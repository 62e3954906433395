"""The one rule for names that people give: what may stand in one, and when two are the same to the eye."""

import unicodedata

from powerstrip.problems import BadInput

MAX_BYTES = 200
MAX_KEY = 400
"""Characters of a `name_key`; a few letters unfold into many."""

REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Controls, format characters (bidi overrides, zero-width), surrogates, private use, line and paragraph separators."""

INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and marks that show nothing and are in none of the categories above."""

_FIT_IN_TEXT = frozenset("\n\r\t\u200c\u200d")
"""Line breaks and tabs, and the joiners that some scripts and emoji need."""

VARIATION_SELECTORS = dict.fromkeys((*range(65024, 65040), *range(917760, 918000)))

LOOK_ALIKES = str.maketrans(
    "авекмнорстухіјѕһԁԛԝүӏ" + "αβγεζηικμνορτυχϲ",
    "abekmhopctyxijshdqwyl" + "abyeznikuvoptuxc",
)
"""Cyrillic and Greek letters that pass for Latin ones, after case folding."""


def clean_name(text: str, field: str = "name") -> str:
    """The name in NFC without surrounding spaces, 1 to 200 bytes of UTF-8. Raises `BadInput`, which names `field` alone."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise _refused(field, "is empty")
    if any(unicodedata.category(letter) in REFUSED_CATEGORIES or letter in INVISIBLE for letter in name):
        raise _refused(field, "holds a control, invisible or direction-changing character")
    if len(name.encode()) > MAX_BYTES or len(name_key(name)) > MAX_KEY:
        raise _refused(field, f"is longer than {MAX_BYTES} bytes")
    return name


def name_key(text: str) -> str:
    """What two names that look alike have in common: compatibility form, case folded, single spaces, look-alikes as Latin.

    For uniqueness only; it is never shown.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    visible = folded.translate(VARIATION_SELECTORS).translate(LOOK_ALIKES)
    return " ".join(visible.split())


def unfit(text: str) -> bool:
    """Whether a text of several lines holds what no screen should be sent: controls, other than line breaks and tabs, and marks
    that turn the direction of reading.
    """
    return any(unicodedata.category(letter) in REFUSED_CATEGORIES and letter not in _FIT_IN_TEXT for letter in text)


def _refused(field: str, reason: str) -> BadInput:
    return BadInput(f"The {field} {reason}", details={"errors": [{"path": field, "message": reason}]})
