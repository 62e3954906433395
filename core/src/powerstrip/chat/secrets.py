"""Finds secrets in what a person writes, and puts handles in their place before anything is kept or sent.

Three looks, each for what the others miss: shapes that providers give their tokens, values beside a word such as "password",
and long random text. A missed secret costs more than a masked word, so that doubt masks.
Every repetition is bounded; 10,000 characters take a few milliseconds.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from powerstrip.chat.ordinary import COMMON, LABEL_WORDS
from powerstrip.value import Hidden, Value

MIN_RANDOM = 20
"""Characters from which text without a known shape can be random enough to be a secret."""
MIN_BITS = 3.3
"""Bits of a character of random text; words of a language have fewer at that length."""


class Span(Value, order=True):
    """A secret's place in the text, and its kind."""

    start: int
    end: int
    kind: str


class Redacted(Value):
    """A text without its secrets."""

    text: str
    secrets: Hidden[dict[str, str]]
    """Handle to secret. Never stored, never sent to a model."""
    kinds: dict[str, str]
    """Handle to kind, such as `stripe_key`."""

    def values(self) -> list[str]:
        """The secrets, in their order."""
        return list(self.secrets.values())


def redact(text: str, first: int = 1) -> Redacted:
    """Replace every secret by `<secret-1>`, `<secret-2>` …, counted from `first`; the same secret has the same handle."""
    parts: list[str] = []
    handles: dict[str, str] = {}
    kinds: dict[str, str] = {}
    at = 0
    for span in find(text):
        value = text[span.start : span.end]
        handle = handles.setdefault(value, f"<secret-{first + len(handles)}>")
        kinds[handle] = span.kind
        parts += (text[at : span.start], handle)
        at = span.end
    return Redacted("".join((*parts, text[at:])), {handle: value for value, handle in handles.items()}, kinds)


def find(text: str) -> list[Span]:
    """The secrets in a text, in order, without overlaps. Further occurrences of a found secret are found too."""
    spans = _merged([*_shaped(text), *_labelled(text), *_pairs(text), *_random(text)])
    return _merged([*spans, *_again(text, spans)])


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, -each.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            merged.append(span)
    return merged


def _again(text: str, spans: list[Span]) -> Iterator[Span]:
    for value, kind in {(text[span.start : span.end], span.kind) for span in spans}:
        if len(value) >= 6:
            yield from (Span(match.start(), match.end(), kind) for match in re.finditer(re.escape(value), text))


_ALONE = r"(?<![A-Za-z0-9])"
_SHAPES: tuple[tuple[str, str], ...] = (
    ("private_key", r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,8000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\\n|\n)?|\Z)"),
    ("jwt", _ALONE + r"eyJ[A-Za-z0-9_-]{8,4000}(?:\.[A-Za-z0-9_-]{2,4000}){1,4}"),
    ("slack_token", _ALONE + r"(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{8,300}"),
    ("slack_webhook_url", r"(?<=hooks\.slack\.com)/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{8,200}"),
    ("webhook_url", r"(?<=/api/webhooks)/[0-9]{5,25}/[A-Za-z0-9_-]{20,100}"),
    ("stripe_key", _ALONE + r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{8,255}"),
    ("signing_secret", _ALONE + r"whsec_[A-Za-z0-9+/=]{8,255}"),
    ("github_token", _ALONE + r"(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})"),
    ("gitlab_token", _ALONE + r"gl(?:pat|dt|rt|cbt|ptt)-[A-Za-z0-9_-]{16,255}"),
    ("sendgrid_key", _ALONE + r"SG\.[A-Za-z0-9_-]{10,64}(?:\.[A-Za-z0-9_-]{10,128})?"),
    ("mailgun_key", _ALONE + r"(?:key|pubkey)-[0-9a-f]{28,40}"),
    ("mailgun_key", _ALONE + r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![0-9a-f-])"),
    ("openai_key", _ALONE + r"sk-(?:proj-|svcacct-|admin-|None-|ant-)?[A-Za-z0-9_-]{16,255}"),
    ("notion_token", _ALONE + r"(?:ntn_[A-Za-z0-9]{20,100}|secret_[A-Za-z0-9]{20,100})"),
    ("linear_key", _ALONE + r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{16,100}"),
    ("hubspot_token", _ALONE + r"pat-[a-z]{2,4}[0-9]-[0-9a-f-]{20,60}"),
    ("jira_token", _ALONE + r"AT(?:ATT|CTT|LAS|BB)[A-Za-z0-9_=-]{20,400}"),
    ("salesforce_token", _ALONE + r"00D[A-Za-z0-9]{12,15}![A-Za-z0-9_.]{20,200}"),
    ("aws_access_key", _ALONE + r"A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("aws_secret_key", r"(?<=A[KS]IA[A-Z0-9]{16}[/:,;| ])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"),
    ("twilio_key", _ALONE + r"SK[0-9a-f]{32}(?![0-9A-Za-z])"),
    ("google_key", _ALONE + r"(?:AIza[A-Za-z0-9_-]{30,40}|ya29\.[A-Za-z0-9_-]{20,300}|GOCSPX-[A-Za-z0-9_-]{20,60}|1//0[A-Za-z0-9_-]{20,120})"),
    ("shopify_token", _ALONE + r"shp(?:at|ca|pa|ss)_[0-9a-zA-Z]{16,64}"),
    ("airtable_token", _ALONE + r"pat[A-Za-z0-9]{14}\.[0-9a-f]{20,64}"),
    ("telegram_token", _ALONE + r"[0-9]{8,10}:[A-Za-z0-9_-]{30,40}"),
    ("token", _ALONE + r"(?:hf|npm|dckr_pat|pypi|figd|sq0atp|sq0csp|rzp_live|rzp_test|xkeysib|dop_v1|gsk|pscale|mbx|PMAK|sntrys|dapi|nvapi|glsa|phc|tfp|key_live|key_test)[_-][A-Za-z0-9_-]{16,255}"),
    ("basic_credentials", r"(?<=[Bb]asic )[A-Za-z0-9+/]{8,400}={0,2}(?![A-Za-z0-9+/=])"),
    ("bearer_token", r"(?<=[Bb]earer )(?=[^\s]{0,80}[0-9A-Z])[A-Za-z0-9._~+/-]{12,4000}={0,2}"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _SHAPES)
_PLAIN_WORD = re.compile(r"[a-z]+|[A-Z][a-z]*")


def _shaped(text: str) -> Iterator[Span]:
    for kind, pattern in _COMPILED:
        for match in pattern.finditer(text):
            if kind != "basic_credentials" or not _PLAIN_WORD.fullmatch(match[0]):
                yield Span(match.start(), match.end(), kind)


_URL_PASSWORD = re.compile(r"://[^\s/:@?#<]{0,128}:([^\s/<][^\s/]{0,255})@")
_QUERY_NAME = (
    r"[\w.-]{0,20}(?:key|token|secret|passw(?:or)?d|pwd|pass|sig|signature|credential|apikey|appid|auth|code|jwt)[\w.-]{0,10}"
)
_QUERY_SECRET = re.compile(rf"[?&;]{_QUERY_NAME}=([^&\s#\"'<>)]{{4,512}})", re.IGNORECASE)
_COMMAND_LINE = re.compile(r"(?:^|\s)(?:-u|--user)[ =][\"']?[^\s:\"']{1,100}:([^\s\"']{3,200})")
_LOGIN_PAIR = re.compile(
    r"(?<![\w./@-])(?:logins?|log[- ]?in|credentials?|creds?|zugangsdaten|identifiants|credenciales|anmeldung|basic(?: auth)?)"
    r"(?:\s+(?:is|are|with|as|ist|sind|for\s+\S+))?\s*[:=]?\s*"
    r"[\"'`]?(?!https?\b)([\w.+@-]{2,80})[\"'`]?\s*(?:/|:|,|\s+and\s+|\s+und\s+|\s+y\s+|\s+et\s+)\s*[\"'`]?([^\s\"'`,]{4,200})",
    re.IGNORECASE,
)

_USER_PASS = re.compile(
    r"\b(?:user(?:name)?|login|benutzer|usuario|utilisateur)\s*[:=]?\s*[^\s,;/]{2,80}[\s,;/]{1,3}(?:and\s+|und\s+|y\s+|et\s+)?"
    r"(?:pass(?:word)?|pwd?|passwort|senha|contraseña)\s*[:=]?\s*([^\s,;\"'`<]{4,200})",
    re.IGNORECASE,
)


def _pairs(text: str) -> Iterator[Span]:
    """Passwords beside a user name: in a URL, in a query, on a command line, after "login"."""
    for match in _URL_PASSWORD.finditer(text):
        yield Span(match.start(1), match.end(1), "url_password")
    for match in _QUERY_SECRET.finditer(text):
        yield Span(match.start(1), match.end(1), "query_secret")
    for match in _COMMAND_LINE.finditer(text):
        yield Span(match.start(1), match.end(1), "password")
    for match in _USER_PASS.finditer(text):
        if match[1].casefold().strip(".?!") not in COMMON:
            yield Span(match.start(1), match.start(1) + len(match[1].rstrip(".)")), "password")
    for match in _LOGIN_PAIR.finditer(text):
        value = match[2].rstrip(".;)?")
        if _looks_chosen(value) and not _is_address(value):
            yield Span(match.start(2), match.start(2) + len(value), "password")


_LABEL = (
    r"(?:app(?:lication)?[- ]?)?(?:pass ?words?|pass ?phrase|passwor[dt]s?|passwd|passcode|pwd?|pass|pw|psw"
    r"|kennw(?:ort|orter)|mot de passe|mdp|contrase(?:ñ|n)a|senha|parola|wachtwoord|hasło|пароль|密码|パスワード)"
)
_KEY_LABEL = (
    r"(?:[\w-]{1,20}[- _])?(?:secrets?|tokens?|api[- _]?keys?|auth[- _]?keys?|access[- _]?keys?|private[- _]?keys?|keys?|credentials?"
    r"|schl(?:ü|ue)ssel|geheimnis|cl(?:é|e|ave)s?|llave|chave|jeton|secreto|segredo|chiave|sleutel|トークン|キー|密钥)"
)
_BY = r"(?:\s+(?:by|durch|par|por|voor|door|against|gegen)(?=\s))?"
"""After "replace the password": no link, as "by mail" is no password."""
_LINK = (
    r"(?:[\"'`”]?\s*(?<!\w)(?:is now|is|was|are|ist|lautet|es|est|é|e|should be|should now be|will be|to|into|now|neu|nuevo|nouveau|as|with|は|using"
    r"|equals)(?=[\s:\"'`“])"
    r"|[\"'`”]?\s*(?:=>|->|→|[:=：—–-]))"
)
_FIELD_VALUE = r"(?:\"([^\"\n]{3,200})\"|'([^'\n]{3,200})'|`([^`\n]{3,200})`|“([^”\n]{3,200})”|([^\s\"'`“<][^\s\"`”<]{2,300}))"
_PASSWORD = re.compile(
    rf"(?<!\w){_LABEL}(?!\w)(?:\s*\([^)\n]{{1,30}}\))?{_BY}((?:{_LINK}){{0,3}})\s{{0,3}}{_FIELD_VALUE}", re.IGNORECASE
)
_PASSWORD_FOR = re.compile(
    rf"(?<!\w){_LABEL}(?!\w)(?:\s+(?:of|for|von|der|des|del|de|du|la|le|the|our|my|user|[^\s:=]{{1,60}})){{1,9}}?((?:{_LINK}){{1,3}})\s{{0,3}}{_FIELD_VALUE}",
    re.IGNORECASE,
)
_KEYED = re.compile(
    rf"(?<!\w){_KEY_LABEL}(?!\w)(?:\s*\([^)\n]{{1,30}}\))?{_BY}((?:{_LINK}){{0,3}})\s{{0,3}}{_FIELD_VALUE}", re.IGNORECASE
)
_APP_PASSWORD = re.compile(r"(?<![a-z])[a-z]{4}(?: [a-z]{4}){3}(?![a-z])")
_APP_WORDS = re.compile(r"app|pass|kennwort|gmail|google|clave|senha", re.IGNORECASE)
_PHRASE = re.compile(r"[a-z]{3,12}(?:[ -](?:[a-z]{3,12}|[0-9]{1,4})){3,7}(?=\s*(?:[,.;)]|$))")


def _labelled(text: str) -> Iterator[Span]:
    """Values beside a word that says what they are."""
    for pattern in (_PASSWORD, _PASSWORD_FOR):
        for match in pattern.finditer(text):
            yield from _password(text, match)
    for match in _KEYED.finditer(text):
        if text[max(0, match.start() - 1) : match.start()] not in ("?", "&"):
            yield from _keyed(match)
    for match in _APP_PASSWORD.finditer(text):
        if _APP_WORDS.search(text[max(0, match.start() - 60) : match.start()]):
            yield Span(match.start(), match.end(), "password")


def _password(text: str, match: re.Match[str]) -> Iterator[Span]:
    start, value = _value(match)
    linked, quoted = bool(match[1].strip()), match.start(match.lastindex or 0) > 0 and match[6] is None
    phrase = _PHRASE.match(text, start) if linked and not quoted else None
    if phrase and sum(word in COMMON for word in re.split(r"[ -]", phrase[0])) < 2:
        yield Span(start, phrase.end(), "passphrase")
    elif value.strip(".,;)").isdigit() and len(value) <= 6 and re.search(r"\w\.[a-z]{2,}:$", text[:start], re.IGNORECASE):
        return  # a host's port
    elif value.casefold().strip(".,;:!?") in COMMON | LABEL_WORDS or _is_address(value) or value.startswith(("/", "<")):
        return
    elif (
        _looks_chosen(value)
        or (linked and (quoted or match[1].strip()[-1] in ":="))
        or (linked and value.casefold() not in COMMON and len(value) >= 5 and re.fullmatch(r"\S+", value))
    ):
        yield Span(start, start + len(value), "password")


def _keyed(match: re.Match[str]) -> Iterator[Span]:
    start, value = _value(match)
    if _is_address(value) or _is_identifier(value) or value.startswith(("/", "<", "#")) or _FILE.fullmatch(value):
        return
    linked = bool(match[1].strip())
    if (
        _has_digit_and_letter(value)
        and len(value) >= (8 if linked else 12)
        and not re.fullmatch(r"[a-z]+[-_.]?[0-9]{1,4}", value)
    ):
        yield Span(start, start + len(value), "token")


_FILE = re.compile(r"[\w./-]*[\w-]\.[a-z]{2,4}\d?|[\w-]+(?:/[\w.-]+)+/?")


def _value(match: re.Match[str]) -> tuple[int, str]:
    at = next(number for number in range(2, 7) if match[number] is not None)
    value, start = match[at], match.start(at)
    if assigned := _ASSIGNED.match(value):
        value, start = value[assigned.end() :], start + assigned.end()
    return start, value.rstrip(",;)") if at < 6 else re.sub(r"(?:[,;)\]}'’]+|\.+)$", "", value)


def _looks_chosen(value: str) -> bool:
    """Whether somebody chose or made this as a secret: letters beside digits or signs, not just a word or a number."""
    if len(value) < 4 or value.casefold() in COMMON:
        return False
    signs = sum(not letter.isalnum() for letter in value)
    if not any(letter.isalpha() for letter in value):
        return value.isdigit() and len(value) >= 6
    return any(letter.isdigit() for letter in value) or signs - value.count("-") - value.count("'") - value.count("’") > 0


def _has_digit_and_letter(value: str) -> bool:
    return bool(re.search(r"[0-9]", value)) and bool(re.search(r"[A-Za-z]", value)) and "<" not in value


_ADDRESS = re.compile(
    r"(?:https?://)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?::\d+)?(?:/\S*)?|\S+@[\w.-]+\.[a-z]{2,}|https?://\S+", re.IGNORECASE
)


def _is_address(value: str) -> bool:
    return bool(_ADDRESS.fullmatch(value)) and not re.search(r"[!$%^*]", value)


_IDENTIFIER = re.compile(
    r"(?:ch|pi|cus|price|prod|in|sub|evt|cs|re|txn|acct|pm|seti|card|src|tok|po|ii|cn|promo|plan)_(?:test_|live_)?[A-Za-z0-9]{8,}"
    r"|(?:AC|MG|SM|MM|VA|PN|CA|IS|ZS)[0-9a-f]{32}|3MVG[A-Za-z0-9._]{8,120}"
    r"|[CUWTDGB][A-Z0-9]{8,11}|[\w-]+\.apps\.googleusercontent\.com|[A-Z]{2,10}-\d+"
    r"|(?:asst|resp|chatcmpl|file|vs|batch|ft|ftjob|run|thread|msg|conv)[-_][A-Za-z0-9]{6,}"
)
_RANDOM = re.compile(r"(?<![A-Za-z0-9+/_@.=-])[A-Za-z0-9+_~][A-Za-z0-9+/_~.=-]{18,600}")
_ASSIGNED = re.compile(r"[A-Za-z][A-Za-z_.-]{1,40}=(?=[^=])")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"[0-9a-fA-F]{20,}")
_ID_WORD = re.compile(
    r"\b(?:message|msg|e?mail|id|sid|run|event|request|invocation|delivery|record|page|database|document|doc|spreadsheet|sheet|folder|file"
    r"|conversation|customer|contact|account|commit|sha|ref|revision|hash|client|consumer|object|patient|calendar|batch|issue|nachricht"
    r"|mensaje|message-id|opportunity|lead|deal|ticket)\b",
    re.IGNORECASE,
)
_SECRET_WORD = re.compile(
    r"token|key|secret|passw|credential|bearer|auth\b|schl(?:ü|ue)ssel|clave|\bcl[ée]\b|chave|jeton|geheim|pwd|rotate|replace"
    r"|new one|neue|leak|shh|use this|this one|トークン|キー",
    re.IGNORECASE,
)


def _is_identifier(value: str) -> bool:
    return bool(_IDENTIFIER.fullmatch(value))


def _random(text: str) -> Iterator[Span]:
    """Long text that no person would write, unless the words before it call it an identifier."""
    for match in _RANDOM.finditer(text):
        start, value = match.start(), match[0] if match[0].endswith("=") else match[0].rstrip(".-/")
        if text[start - 1 : start] in ("?", "&") and "=" in value:
            name, _, value = value.partition("=")
            start += len(name) + 1
        elif assigned := _ASSIGNED.match(value):
            start, value = start + assigned.end(), value[assigned.end() :]
        if len(value) >= MIN_RANDOM and not _is_identifier(value) and _is_random(value) and not _called_identifier(text, start):
            yield Span(start, start + len(value), "random")


def _is_random(value: str) -> bool:
    if _UUID.fullmatch(value) or _HEX.fullmatch(value):
        return len(set(value)) > 6
    if _reads_like_words(value):
        return False
    counts = Counter(value)
    bits = -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
    return bits >= MIN_BITS and _classes(value) >= 2 and bool(re.search(r"[0-9]", value) or _case_flips(value) > len(value) / 5)


def _reads_like_words(value: str) -> bool:
    """Paths, host names and slugs: parts that are all letters, or all digits, or short."""
    if _is_address(value):
        return True
    parts = [part for part in re.split(r"[./_=+~-]+", value) if part]
    return (
        all(re.fullmatch(r"[a-z]+|[A-Z]+|[A-Z]?[a-z]+|[0-9]{1,14}|[A-Za-z]{0,12}[0-9]{0,4}", part) for part in parts)
        and len(parts) > 1
    )


def _classes(value: str) -> int:
    return sum(bool(re.search(kind, value)) for kind in (r"[a-z]", r"[A-Z]", r"[0-9]"))


def _case_flips(value: str) -> int:
    return sum(one.isupper() != other.isupper() for one, other in pairwise(value))


def _called_identifier(text: str, start: int) -> bool:
    """Whether the nearest telling word before this place speaks of an identifier and not of a secret."""
    before = text[max(0, start - 48) : start]
    if re.search(r"[/#]$", before) and "://" in before.rsplit(" ", 1)[-1]:
        return not _SECRET_WORD.search(before)
    named = [match.end() for match in _ID_WORD.finditer(before)]
    secret = [match.end() for match in _SECRET_WORD.finditer(before)]
    return bool(named) and (not secret or named[-1] > secret[-1])
