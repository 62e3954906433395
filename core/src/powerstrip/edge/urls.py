"""The one parser of addresses, as the edge uses it: what it does not take is `Refused`."""

from powerstrip import urls
from powerstrip.edge.errors import Refused
from powerstrip.urls import MAX_URL, PATH_SAFE, BadUrl, Url, climbs

__all__ = ["MAX_URL", "PATH_SAFE", "Url", "climbs", "encoded", "parse_base", "parse_url"]


def parse_url(text: str) -> Url:
    """`powerstrip.urls.parse_url`. Raises `Refused`."""
    try:
        return urls.parse_url(text)
    except BadUrl as error:
        raise _refused(error) from None


def parse_base(text: str) -> Url:
    """`powerstrip.urls.parse_base`. Raises `Refused`."""
    try:
        return urls.parse_base(text)
    except BadUrl as error:
        raise _refused(error) from None


def encoded(text: str, safe: str) -> str:
    """`powerstrip.urls.encoded`. Raises `Refused`."""
    try:
        return urls.encoded(text, safe)
    except BadUrl as error:
        raise _refused(error) from None


def _refused(error: BadUrl) -> Refused:
    return Refused(str(error), error.part)
