"""The kind of record or the form that a text speaks of."""

import re

ENTITY = re.compile(
    r"\b([\w-]+(?: [\w-]+)?) (?:records?|forms?|entit(?:y|ies)|entries|formular)\b|\b(?:formul\w+|registros?|fiches?|enregistrements?|dossiers?) d[eo]?[ '](?:l |la |el |le |un |una )?(\w+)|\b(\w+)formular\b"
)

_LEADING = re.compile(
    r"^(?:when(?:ever)?|if|each time|every time|as soon as|after|once|on|upon|for|every|each|any|all|someone|somebody|wenn|sobald|falls|quand|cuando|quando|submits?|fills?(?: in| out)?|the|an?|our|new|their|his|her|its|my|this|submitted|completed|un|una|el|la|le|une|ein|eine|der|die|das|neuer?s?|incoming|creates?|updates?|deletes?|remove|erase|drop|purge|find|look up|read|open|list|query|search|count|set|change|add|new|please|in|of|to|in the|mark|upsert|save|store|fetch|get|show|many|how|latest|jemand|llegue|llega) "
)


_OF_TYPE = re.compile(r"\b(?:records?|entit(?:y|ies)) of (?:the )?(?:type|kind) ([\w-]+)")


def entity_of(text: str) -> str:
    if typed := _OF_TYPE.search(text):
        return typed[1]
    match = ENTITY.search(text)
    if match is None:
        return ""
    if match[1] is None:
        return next((group for group in match.groups() if group), "")
    name, kind = match[1], re.search(r"(records?|forms?|entit(?:y|ies)|entries|formular)$", match[0])
    name = f" {name} ".lstrip()
    while found := _LEADING.match(name):
        name = name[found.end() :]
    name = name.strip()
    return f"{name} form" if kind and kind[1].startswith("form") and name and kind[1] != "formular" else name


_MADE = re.compile(
    r"\b(?:some(?:body|one)|any(?:body|one)|people|users?|patients?|customers?|clients?|members?|visitors?|a \w+|we|they) (?:books?|submits?|creates?|files?|places?|requests?|fills?(?: in| out)?|sends?(?: in)?|makes?|adds?|completes?|signs?|cancels?|orders?|uploads?|gets?)"
    r" (?:an?|the|our|their|new|another|his|her) (?:new )?([\w-]+(?: form)?)"
)


def subject_of(text: str) -> str:
    """ "a lead comes in", "somebody books an appointment": what the trigger speaks of, where it calls it neither record nor form."""
    if made := _MADE.search(text):
        return made[1]
    text = f"{text} "
    while found := _LEADING.match(text):
        text = text[found.end() :]
    match = re.match(
        r"([\w-]+)(?: ([\w-]+))? (?:comes?|is|gets?|was|has|signs?|arrives?|registers?|are|wird|changes?|books?|llega|se|est|es|ist|e|foi|fue|viene|arrive|vient|kommt|trifft|entra|chega|komt)\b",
        text,
    )
    return match[1] if match else ""
