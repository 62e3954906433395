"""Things with a form of their own in a text: addresses, numbers, channels, dates, literals."""

import re
from functools import cached_property

from powerstrip.chat.parser.text import Message, Quote
from powerstrip.value import Value

EMAIL = re.compile(r"(?<![\w/:.@])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"\bhttps?://[^\s\"'<>]+(?:<secret-\d+>[^\s\"'<>]*)*", re.IGNORECASE)
_HOST = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?::\d{2,5})?(?:/[\w./~-]*[\w/])?(?![\w@])", re.IGNORECASE
)
_NO_HOST = re.compile(
    r".*\.(?:csv|pdf|md|json|ya?ml|txt|png|jpe?g|docx?|xlsx?|zip|gz|js|py|toml|html|wav|mp3|xml|parquet|log|tar)", re.IGNORECASE
)
PHONE = re.compile(r"(?<![\w/+])\+\d[\d ().-]{5,18}\d(?!\w)")
_CHANNEL = re.compile(r"(?<![\w/])#([A-Za-z\u00c0-\uffff][\w-]*)")
MOMENT = re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?")
_LOCATED = re.compile(r"(?P<scheme>https?)://(?:(?P<user>[^\s/:@<]*)(?::[^@/\s]*)?@)?(?P<rest>[^\s?#]*)(?P<query>\?[^\s#]*)?")


class Address(Value):
    """A URL without what may not be kept: the user's name apart, the password and key parameters gone."""

    url: str
    username: str = ""
    key_parameter: str = ""
    start: int = 0


class Things:
    """What a message (or a part of it) holds; texts as written."""

    def __init__(self, message: Message, start: int = 0, end: int | None = None) -> None:
        self.message = message
        self.start, self.end = start, len(message.raw) if end is None else end
        self.raw = message.raw[self.start : self.end]
        self.quotes: list[Quote] = [quote for quote in message.quotes if self.start <= quote.start and quote.end <= self.end]

    @cached_property
    def emails(self) -> list[str]:
        """E-mail addresses."""
        return [match[0].rstrip(".") for match in EMAIL.finditer(self.raw)]

    @cached_property
    def addresses(self) -> list[Address]:
        """URLs."""
        return [_address(match[0].rstrip(".,;:!?)]}"), match.start()) for match in _URL.finditer(self.raw)]

    @cached_property
    def hosts(self) -> list[str]:
        """Host names outside of URLs and e-mail addresses."""
        blank = _URL.sub(lambda match: " " * len(match[0]), self.raw)
        blank = EMAIL.sub(lambda match: " " * len(match[0]), blank)
        return [match[0] for match in _HOST.finditer(blank) if not _NO_HOST.fullmatch(match[0])]

    @cached_property
    def phones(self) -> list[str]:
        """Telephone numbers with a country code, without spaces."""
        return [re.sub(r"[^\d+]", "", match[0]) for match in PHONE.finditer(self.raw)]

    @cached_property
    def channels(self) -> list[str]:
        """Channel names with their sign."""
        return [match[0] for match in _CHANNEL.finditer(self.raw)]

    @cached_property
    def moments(self) -> list[str]:
        """Dates and times in ISO form. A time alone after a date and time ("14:00 to 15:00") is on the same date."""
        found = [match[0] for match in MOMENT.finditer(self.raw)]
        later = re.search(r"(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d\S*\s*(?:to|until|till|-|–|bis|a|hasta)\s*(\d\d?:\d\d)(?!\d)", self.raw)
        return [*found, f"{later[1]} {later[2].zfill(5)}"] if later and len(found) == 1 else found

    def find(self, *sources: str) -> str:
        """The first group of the first pattern that is found, small and capital letters alike; quotation marks are taken off."""
        for source in sources:
            if match := re.search(source, self.raw, re.IGNORECASE):
                return next((group for group in match.groups() if group), "").strip().strip("\"'“”`").rstrip(",;:")
        return ""


def _address(found: str, start: int) -> Address:
    match = _LOCATED.match(found)
    if match is None:
        return Address(found, start=start)
    secret = re.search(r"[?&]([\w.-]+)=<secret-\d+>", match["query"] or "")
    query = "" if secret else (match["query"] or "")
    return Address(f"{match['scheme']}://{match['rest']}{query}", match["user"] or "", secret[1] if secret else "", start)
