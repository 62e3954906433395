"""From a mail's bytes to what people call its parts. Broken mails are common: what cannot be read is left out, nothing raises."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from email.utils import formataddr, getaddresses

from powerstrip.adapter import Letter

MAX_TEXT = 64 * 1024
"""Characters of a text that an event holds."""
MAX_PARTS = 200


@dataclass(frozen=True)
class ReadFile:
    """One attached file."""

    name: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass
class ReadMail:
    """A mail's parts."""

    subject: str = ""
    sender: str = ""
    to: list[str] = field(default_factory=list[str])
    cc: list[str] = field(default_factory=list[str])
    reply_to: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    date: str = ""
    auto: bool = False
    text: str = ""
    html: str = ""
    files: list[ReadFile] = field(default_factory=list[ReadFile])


def read_letter(letter: Letter) -> ReadMail:
    """The parts of a mail, as far as they can be read. One whose parts hold each other without end is its headers alone."""
    try:
        mail = message_from_bytes(letter.raw, policy=default)
        parts = list(_leaves(mail))
    except RecursionError:
        mail, parts = BytesHeaderParser(policy=default).parsebytes(letter.raw), []
    read = ReadMail(
        subject=_header(mail, "subject"),
        sender=_header(mail, "from"),
        to=list(_people(mail, "to")),
        cc=list(_people(mail, "cc")),
        reply_to=_header(mail, "reply-to"),
        message_id=_header(mail, "message-id"),
        in_reply_to=_header(mail, "in-reply-to"),
        date=_header(mail, "date"),
        auto=_header(mail, "auto-submitted").lower() not in ("", "no") or bool(_header(mail, "list-id")),
    )
    for part in parts:
        _take(read, part)
    return read


def _take(read: ReadMail, part: EmailMessage) -> None:
    kind = part.get_content_type()
    name = _name(part)
    attached = bool(name) or part.get_content_disposition() == "attachment"
    if kind == "text/plain" and not attached and not read.text:
        read.text = _text(part)
    elif kind == "text/html" and not attached and not read.html:
        read.html = _text(part)
    else:
        data = part.get_payload(decode=True)
        read.files.append(ReadFile(name, kind, data if isinstance(data, bytes) else b""))


def _leaves(mail: EmailMessage) -> Iterator[EmailMessage]:
    """Parts that hold no others."""
    for number, part in enumerate(mail.walk()):
        if number >= MAX_PARTS:
            return
        if not part.is_multipart():
            yield part


def _header(mail: EmailMessage, name: str) -> str:
    """A header as text: the first of its name, on one line."""
    try:
        value = str(mail.get(name, "") or "")
    except (ValueError, LookupError, TypeError, AttributeError, MessageError):
        return ""
    return " ".join(value.encode("utf-8", "replace").decode().split())


def _people(mail: EmailMessage, name: str) -> Iterator[str]:
    yield from (formataddr(each, "utf-8") if each[0].isascii() else f"{each[0]} <{each[1]}>" for each in _addresses(mail, name))


def _addresses(mail: EmailMessage, name: str) -> list[tuple[str, str]]:
    return [each for each in getaddresses([_header(mail, name)]) if each[1]]


def _name(part: EmailMessage) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError, AttributeError, MessageError):
        return "file"
    return name.encode("utf-8", "replace").decode()[:255]


def _text(part: EmailMessage) -> str:
    """A text part in its character set; an unknown one is read as UTF-8."""
    data = part.get_payload(decode=True)
    raw = data if isinstance(data, bytes) else b""
    try:
        text = raw.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError, TypeError, AttributeError):
        text = raw.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")
