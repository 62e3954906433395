"""Which providers a text speaks of: by name, by a misspelled name, by a token's shape, by a host, or by what it does."""

import re
from collections.abc import Iterable, Sequence

from powerstrip.chat.parser.lexicon import Lexicon, provider_of
from powerstrip.chat.parser.spelling import distance
from powerstrip.chat.parser.text import Message, pattern
from powerstrip.value import Value

_HOSTS = (
    ("slack", r"slack\.com"), ("s3", r"r2\.cloudflarestorage|amazonaws|wasabisys|backblazeb2|digitaloceanspaces|minio"),
    ("google", r"gserviceaccount|googleapis|docs\.google|sheets\.google"), ("jira", r"atlassian\.net"), ("salesforce", r"salesforce\.com|force\.com"),
    ("fhir", r"\bfhir\b|/r4\b|epic\.com|cerner|smarthealthit"), ("openai", r"openai\.com|openai\.azure"), ("mailgun", r"mailgun\.(net|org)"),
    ("email", r"\bsmtp\b|\bimap\b"), ("github", r"github\.com"), ("stripe", r"stripe\.com"), ("hubspot", r"hubapi|hubspot\.com"),
    ("intercom", r"intercom\.io"), ("notion", r"notion\.so"), ("linear", r"linear\.app"), ("twilio", r"twilio\.com"), ("postmark", r"postmarkapp"),
)  # fmt: skip
_HOST_PATTERNS = tuple((provider, re.compile(source)) for provider, source in _HOSTS)
_RETRACTED = re.compile(
    r"(?:\bnot|\b(?:don t|do not|never) (?:want|need|use|connect|add|link|hook up|set up|integrate|give me|mean)(?: to (?:connect|add|use))?|\binstead of|\brather than|\bforget(?: about)?|\bforget (?:what|everything|all)(?: that)? (?:i|we) (?:said|wrote|told)(?: you)? (?:about|of)|\bnever mind|\bscrap|\bdrop(?:ped|ping)?(?= @)|\b(?:were|was|are|am) going to (?:add|use|connect|try)|\bthought(?: of| about| it was| maybe| (?:we|i|it)(?: d| would| ll)? (?:take|use|go with|pick|choose|need|connect))?|\bconsidered|\bgave up on|\btired of|\bleaving|\bleft|\bnicht mehr|\bkein(?:e|en)?|\bplus de|\bya no|\bwanted|\bno more|\bnothing|\bnichts|\bnada|\brien|\bnicht|\baway from|\bswitch\w* from|\bmigrat\w+ from|\bmoved? (?:off|from)|\bditch\w*"
    r"|\bused to (?:use|have)|\bunlike|\bdon t (?:want|need|use)|\bdo not (?:want|need|use)|\bno|\bpas|\bno longer(?: use)?|\bstatt|\ben vez de|\bau lieu de)"
    r"(?: (?:the|our|my|use|using|to|a|an|with|in|old|have|need|want|connect|add|on|for|us|me|any|die|das|la|el|le)){0,2} $"
)
_CORRECTION = re.compile(
    r"\b(?:sorry|hmm,? wait|wait,|no,? wait|wait,? no|oh wait|scratch that|i mean(?:t)?|correction|make (?:that|it)|strike that|my mistake|oops|je veux dire|ich meine|quiero decir"
    r"|perdon|pardon|better|rather|i said|decided (?:on|for|to (?:use|go))|we went with|settled on|switched to|moved to|migrated to|replaced (?:it|that) (?:by|with)|never mind|nevermind|lieber|doch|plutot|mejor)\b|\?\W{0,3}no\b[.,!]|\.\.\. ?no\b|\bactually\b|\bhmm,? no\b|\bah no\b|\bbut (?:the |our |my )?\w+ (?:wants?|prefers?|chose|picked|insists?|likes?)\b|\bbut no\b|\bno[,:]"
)
_LETTERS = re.compile(r"[a-z]{4,}")
_COMMON_NEAR = frozenset(["black", "stack", "slick", "lack", "snack", "track", "flack", "slacks", "strip", "strips", "stripes", "line", "lines", "linea", "motion", "notions", "notice", "lotion", "nation", "linear", "mention", "gmail", "email", "emails", "strike", "stride", "liner", "intern", "internal", "lineal", "clinic", "linked"])  # fmt: skip


class Mention(Value):
    """A provider was spoken of here. `strength`: 3 by name, 2 by token or host, 1 by what it does."""

    provider: str
    start: int
    end: int
    strength: int
    why: str


def mentions(message: Message, lexicon: Lexicon, token_kinds: Iterable[str] = ()) -> list[Mention]:
    """All mentions in a message, by place; names in quotation marks do not count."""
    named = _named(message, lexicon)
    found = named + _misspelled(message, lexicon, named)
    found = [each for each in found if not _is_void(each, message, lexicon)]
    found += [
        Mention(lexicon.by_token[kind], -1, -1, 2, f"a key of the shape {kind}")
        for kind in token_kinds
        if kind in lexicon.by_token
    ]
    found += _by_host(message)
    return sorted(found, key=lambda each: each.start)


def standing(found: list[Mention], message: Message, others: Sequence[int] = ()) -> list[Mention]:
    """The mentions without those that were taken back ("not X, use Y"; "X, sorry, I mean Y"); `others` are places of other services."""
    taken = {each for each in found if each.start >= 0 and _RETRACTED.search(message.bare[: each.start])}
    for mark in _CORRECTION.finditer(message.bare):
        if any(each.start >= mark.start() and each.strength == 3 for each in found) or any(
            start > mark.start() for start in others
        ):
            before = message.bare.rfind(".", 0, mark.start())
            taken |= {
                each for each in found if 0 <= each.start < mark.start() and not (mark[0] == "actually" and each.start < before)
            }
    kept = [each for each in found if each not in taken]
    return kept or ([] if others else found)


def implied(message: Message, lexicon: Lexicon, start: int = 0, end: int | None = None) -> list[Mention]:
    """Providers that a part of the text means without naming them."""
    return [
        Mention(
            provider_of(match),
            match.start(),
            match.end(),
            1,
            f'"{match[0]}" is what {lexicon.providers[provider_of(match)].title} does',
        )
        for match in lexicon.implied.finditer(message.bare, start, len(message.bare) if end is None else end)
        if message.bare[match.end() : match.end() + 1] != "@" and message.bare[match.start() - 1 : match.start()] != "@"
    ]


def _named(message: Message, lexicon: Lexicon) -> list[Mention]:
    return [
        Mention(
            provider_of(match), match.start(), match.end(), 3, f'"{match[0]}" names {lexicon.providers[provider_of(match)].title}'
        )
        for match in lexicon.names.finditer(message.bare)
        if message.bare[match.end() : match.end() + 1] != "@"
    ]


def _is_void(mention: Mention, message: Message, lexicon: Lexicon) -> bool:
    return any(
        match.start() <= mention.start and mention.end <= match.end()
        for void in lexicon.providers[mention.provider].void
        for match in void.finditer(message.bare)
    )


def _misspelled(message: Message, lexicon: Lexicon, named: list[Mention]) -> list[Mention]:
    """Words that are one slip from a name; beside a well-spelled name only long ones count."""
    found: list[Mention] = []
    for match in _LETTERS.finditer(message.bare):
        word, before = match[0], message.bare[max(0, match.start() - 1) : match.start()]
        if (
            word in _COMMON_NEAR
            or before in ("@", ".", "#", "/", "-", "_")
            or any(each.start <= match.start() < each.end for each in named)
        ):
            continue
        if named and (len(word) < 6 or message.bare[match.end() : match.end() + 1] in ("@", "/", "-", "_")):
            continue
        for name, provider in lexicon.plain_names.items():
            if abs(len(word) - len(name)) < 2 and word[0] == name[0] and distance(word, name) <= (1 if len(name) < 8 else 2):
                found.append(
                    Mention(provider, match.start(), match.end(), 3, f'"{word}" looks like {lexicon.providers[provider].title}')
                )
                break
    return found


def _by_host(message: Message) -> list[Mention]:
    words = re.finditer(r"\S+", message.folded)
    hosts = [(match.start(), match[0]) for match in words if re.search(r"[\w-]\.[a-z]{2,}", match[0])]
    found: list[Mention] = []
    for start, host in hosts:
        for provider, source in _HOST_PATTERNS:
            if source.search(host):
                found.append(Mention(provider, start, start + len(host), 2, f"the address {host[:40]}"))
                break
    return found


def vendors(message: Message, lexicon: Lexicon) -> list[tuple[str, int]]:
    """Known services outside the catalog, with their places."""
    return [(lexicon.vendors[match[0]], match.start()) for match in lexicon.vendor_pattern.finditer(message.bare)]


_AFTER_CONNECT = pattern(
    r"(?:connect|hook up|integrate|link|add|set ?up|plug in|wire up|need|use|(?:integration|adapter|connector|plugin|support) (?:for|with)|adapter (?:fur|pour|para)|support|verbinde|conecta\w*|integra\w*|connecte\w*|richte)"
    r"(?: (?:to|with|our|the|my|us|a|an|in|bitte|please|account|it|this|project|up|new|some|mit|con|avec|von|der|die|das))* (?P<name>[\w.]+)"
)


_BEFORE_CONNECTED = pattern(
    r"(?:want|need|get|have|see|like|with) (?:our |the |my )?(?P<name>[\w.]+) (?:to be )?(?:connected|hooked|linked|integrated|set up|added|wired|plugged|in here|available)"
)


_INTRODUCED = pattern(
    r"(?P<name>[\w.]+) is (?:our|the|an?) (?:\w+ ){0,3}?(?:system|service|tool|software|platform|api|provider|shop|backend|vendor|app)"
)
""" "Lagerblick is our stock system"."""


def unknown_vendor(message: Message) -> str:
    """A capitalised word after "connect", or before "connected", that nobody knows: a service by its name, as written."""
    for match in (
        *_AFTER_CONNECT.finditer(message.bare),
        *_BEFORE_CONNECTED.finditer(message.bare),
        *_INTRODUCED.finditer(message.bare),
        *_ASKED_AFTER.finditer(message.bare),
    ):
        word = message.raw[match.start("name") : match.end("name")].rstrip(".")
        if re.fullmatch(r"[A-Z][A-Za-z0-9]*(?:\.[a-z]{2,4})?", word) and word.casefold() not in _NO_VENDOR:
            return word
    return ""


_ASKED_AFTER = pattern(r"^\W*(?P<name>[\w.]+) ?[?:,] .*(?:connect|hook|add|link|set|integrate|plug|wire) it")
""" "Lagerblick? Connect it, please"."""
_NO_VENDOR = frozenset(
    [
        "i",
        "api",
        "apis",
        "rest",
        "http",
        "https",
        "crm",
        "url",
        "the",
        "it",
        "our",
        "we",
        "you",
        "my",
        "ai",
        "llm",
        "sms",
        "pdf",
        "oauth",
        "json",
        "xml",
        "csv",
        "sso",
        "soap",
        "graphql",
        "id",
        "tls",
        "bearer",
        "basic",
    ]
)
