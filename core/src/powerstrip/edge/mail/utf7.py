"""Names of mailboxes as IMAP writes them: modified UTF-7 (RFC 3501, 5.1.3)."""

import base64
import binascii
import re

_OTHER = re.compile(r"[^ -%'-~]+|&")
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")


def encode(name: str) -> str:
    """A name for the server."""
    return _OTHER.sub(lambda found: "&-" if found[0] == "&" else f"&{_shifted(found[0])}-", name)


def decode(name: str) -> str:
    """A name for people; what is no modified UTF-7 stays as it is."""
    return _SHIFTED.sub(lambda found: _plain(found[1], found[0]), name)


def _shifted(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-be", "surrogatepass")).decode().rstrip("=").replace("/", ",")


def _plain(coded: str, whole: str) -> str:
    if not coded:
        return "&"
    padded = coded.replace(",", "/") + "=" * (-len(coded) % 4)
    try:
        return base64.b64decode(padded, validate=True).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return whole
