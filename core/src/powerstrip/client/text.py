"""Texts from outside as a terminal may be given them: what would be obeyed is shown instead."""

import unicodedata


def plain(value: object) -> str:
    """One line without control characters: escape sequences, text direction marks and line breaks are shown, not obeyed."""
    text = "" if value is None else str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(letter) for letter in text)


def block(value: object, indent: str = "") -> str:
    """The same with its line breaks kept."""
    lines = ("" if value is None else str(value)).splitlines()
    return "\n".join((indent + plain(line)).rstrip() for line in lines)


def _shown(letter: str) -> str:
    if letter.isprintable():
        return letter
    if unicodedata.category(letter) == "Zs":
        return " "
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(letter) or f"\\u{{{ord(letter):x}}}"


def width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """A text of at most this many columns, its end marked where something is missing."""
    if width(text) <= columns:
        return text
    kept, used = "", 0
    for letter in text:
        used += _columns(letter)
        if used > columns - 1:
            break
        kept += letter
    return kept + "…"
