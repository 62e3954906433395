"""A message as it is meant to be read: what was taken back is gone, and an object in JSON is a list of what it says."""

import re

_JSON = re.compile(r"\s*\{\s*[\"'][^{}]{1,4000}\}\s*")
_PREPOSITION = r"(?:to|in|into|on|at|for|from|via|with|as|an|nach|in|auf|a|en|para|vers|dans|su|naar)"
_TAKEN_BACK = re.compile(
    rf"\b(?P<where>{_PREPOSITION}) (?P<what>[^\s,.;:!?]+(?: [\w#@./-]+)?)(?:,|\.\.\.?|…|;| -| –| —)?\s*"
    r"(?:oh |ah |hmm,? |uh,? )?(?:no,? wait|wait,? no|no,? sorry|sorry,? no|sorry|i mean|no|rather|scratch that|correction|make that|nein|pardon|perdon|scusa)\b[,:.…]*\s*"
    r"(?:i (?:mean|meant) )?(?=(?P=where)\s)",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(
    r"\b(?:please )?(?:never|don['’]?t|do not|not) (?:ever )?(?:post|send|put|write|mail|email|text|call|use)\b[^,;.!?\"#@]*[#@][\w.@-]+\s*(?:[,;!]|\.(?=\s)|\bbut\b)\s*(?:but |just |only |instead )*(?=\w)",
    re.IGNORECASE,
)
"""Where something is expressly not to go, before what is to be done."""
_SORRY = r"(?:,|\.\.\.?|…|;| -| –| —)?\s*(?:oh |ah |hmm,? |uh,? )?(?:no,? wait|wait,? no|no,? sorry|sorry|i mean|no|rather|scratch that|correction|make that)\b[,:.…]*\s*"
_OTHER_VALUE = re.compile(
    "|".join(
        rf"{shape}{_SORRY}(?={shape})"
        for shape in (r"\+\d[\d ()-]{6,18}\d", r"#[\w-]+", r"[\w.+-]+@[\w.-]+\w", r"https?://\S*[^\s,;]")
    ),
    re.IGNORECASE,
)
"""A value that another of its kind takes the place of."""


_NOTHING = re.compile(
    r"^\W*(?:please )?(?:don['’]?t|do not|never|no need to) (?:\w+ ){1,2}(?:anything|a thing|any \w+)\s*[,;.!]\s*(?:(?:but|just|only|instead|please) )*(?=\w)",
    re.IGNORECASE,
)
""" "Don't send anything, just …"."""


def plain(text: str) -> str:
    """The message without "to A, no wait, (to B)", the fields of a JSON object as `name: value`, secrets without quotation marks."""
    if _JSON.fullmatch(text):
        text = re.sub(r"[\"']?([\w.-]+)[\"']?\s*:\s*[\"']?([^\"',}]*)[\"']?", r"\1: \2", text.strip().strip("{}")).strip()
    if _NOT_THERE.search(text) and (rest := _NOT_THERE.sub("", text)).strip():
        text = rest
    text = _NOTHING.sub("", text)
    text = re.sub(r"(?<=\w)-(?=(?:moi|nous|lui|leur)\b)", " ", text)
    text = _OTHER_VALUE.sub("", text)
    text = re.sub(r"[\"'`“„](<secret-\d+>)[\"'`”“]", r"\1", text)
    return _TAKEN_BACK.sub("", text)
