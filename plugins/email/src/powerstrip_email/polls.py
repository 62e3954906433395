"""Looking into a mailbox. A mail's number (UID) grows and is not used twice while the mailbox's validity stays.

Source: RFC 3501, 2.3.1.1.

The cursor holds the validity, the next number, and the time of the newest mail that was told, with the digests of those of that
very second. Where the validity changes (the mailbox was made anew, or moved to another server), the numbers mean nothing: then
mails are told that came in later than the newest one, and the digests tell those that were told before.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from powerstrip.adapter import Incoming, Letter, Letters, Mail, Model, Pick, Polled, Since
from powerstrip_email.provider import email
from powerstrip_email.reading import MAX_TEXT, read_letter

PAGE = 20
CAP = 256 * 1024
"""Bytes of a mail that are read for an event."""


class Watched(Model):
    """Which mailbox to look into."""

    mailbox: Annotated[str, Pick("mailbox"), Field(min_length=1, max_length=255)] = "INBOX"
    """Mails that come into it are told; they stay unread."""


class FileNote(Model):
    """A file that came along: message.get reads it."""

    name: str = Field("", examples=["receipt.txt"])
    content_type: str = Field("application/octet-stream", examples=["text/plain"])
    size: int = Field(0, examples=[10])


@email.event("received")
class Received(Model):
    """A mail came into the mailbox."""

    event: Literal["received"]
    mailbox: str = Field(examples=["INBOX"])
    uid: int
    validity: int
    received_at: datetime
    subject: str = Field("", examples=["Hello"])
    sender: str = Field("", examples=["Ada <ada@example.com>"])
    to: list[str] = Field(default_factory=list[str], examples=[["shop@example.com"]])
    cc: list[str] = Field(default_factory=list[str])
    reply_to: str = ""
    message_id: str = Field("", examples=["<1@example.com>"])
    in_reply_to: str = ""
    date: str = ""
    """When it was written, as its writer says."""
    automatic: bool = Field(False, examples=[False])
    """Written by a program, or sent by a mailing list. Do not answer it."""
    text: str = Field("", examples=["Hi"])
    html: str = ""
    attachments: list[FileNote] = Field(default_factory=list[FileNote])
    size: int = Field(0, examples=[512])
    truncated: bool = Field(False, examples=[False])
    """Whether it is longer than what is told here: message.get reads all of it."""


class Mark(Model):
    """Where to go on."""

    validity: int
    following: int
    newest: datetime
    told: list[str] = Field(default_factory=list[str])
    again: int = 0
    """The number to go on with while a mailbox that was made anew is looked through; 0 otherwise."""
    latest: datetime | None = None
    """The newest mail that was told while it is looked through."""


@email.poll("mailbox", seconds=60)
async def look(mail: Mail, since: Since[Watched]) -> Polled:
    """Find mails that came into a mailbox. The first look finds out where now is."""
    mailbox = since.watch.mailbox
    if since.cursor is None:
        state = await mail.read(mailbox, limit=1)
        mark = Mark(validity=state.validity, following=state.next_uid, newest=datetime.now(UTC).replace(microsecond=0))
        return Polled(mark.model_dump_json())
    mark = Mark.model_validate_json(since.cursor)
    found = await _read(mail, mailbox, mark)
    if found.validity != mark.validity:
        mark = mark.model_copy(update={"validity": found.validity, "again": 1, "latest": None})
        found = await _read(mail, mailbox, mark)
    fresh = [letter for letter in found.letters if not mark.again or _later(letter, mark)]
    return Polled(_after(mark, found, fresh), [_event(mailbox, found.validity, letter) for letter in fresh], more=found.more)


async def _read(mail: Mail, mailbox: str, mark: Mark) -> Letters:
    """The next page. A server's days are those of its own zone, so a mailbox that was made anew is read from a day before."""
    if mark.again:
        return await mail.read(mailbox, first=mark.again, since=mark.newest - timedelta(days=1), limit=PAGE, cap=CAP)
    return await mail.read(mailbox, first=mark.following, limit=PAGE, cap=CAP)


def _later(letter: Letter, mark: Mark) -> bool:
    """Whether a mail of a mailbox that was made anew was not told before."""
    return letter.received_at > mark.newest or (letter.received_at == mark.newest and _digest(letter) not in mark.told)


def _after(mark: Mark, found: Letters, fresh: list[Letter]) -> str:
    """The cursor after these mails."""
    last = max((letter.uid for letter in found.letters), default=0) + 1
    following = last if found.more else max(found.next_uid, last)
    newest = max((mark.latest or mark.newest, *(letter.received_at for letter in fresh)))
    if mark.again and found.more:
        return mark.model_copy(update={"again": following, "following": following, "latest": newest}).model_dump_json()
    before = mark.told if newest == mark.newest else []
    told = [*before, *(_digest(letter) for letter in fresh if letter.received_at == newest)][-100:]
    return Mark(validity=found.validity, following=following, newest=newest, told=told).model_dump_json()


def _digest(letter: Letter) -> str:
    return hashlib.sha256(letter.raw + str(letter.size).encode()).hexdigest()[:16]


def _event(mailbox: str, validity: int, letter: Letter) -> Incoming:
    read = read_letter(letter)
    files = [FileNote(name=each.name, content_type=each.content_type, size=len(each.data)) for each in read.files]
    told = Received(
        event="received",
        mailbox=mailbox,
        uid=letter.uid,
        validity=validity,
        received_at=letter.received_at,
        subject=read.subject,
        sender=read.sender,
        to=read.to,
        cc=read.cc,
        reply_to=read.reply_to,
        message_id=read.message_id,
        in_reply_to=read.in_reply_to,
        date=read.date,
        automatic=read.auto,
        text=read.text[:MAX_TEXT],
        html=read.html[:MAX_TEXT],
        attachments=files,
        size=letter.size,
        truncated=letter.cut or len(read.text) > MAX_TEXT or len(read.html) > MAX_TEXT,
    )
    name = hashlib.sha256(mailbox.encode()).hexdigest()[:8]
    return Incoming(json.loads(told.model_dump_json()), f"{name}-{validity}-{letter.uid}")
