import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Content, Letter, Query, RateLimited, Rejected, Since, Unavailable
from powerstrip.adapter.testing import check, mail_server
from powerstrip_email import email
from powerstrip_email.actions import (
    Attachment,
    Message,
    MessageRef,
    MessageWithFiles,
    Nothing,
    get,
    mailboxes,
    send,
    send_with_attachments,
    try_login,
)
from powerstrip_email.polls import Watched, look
from powerstrip_email.provider import Settings, account
from powerstrip_email.reading import read_letter

test_contract = check(email)

CONFIG = {"host": "smtp.example.com", "imap_host": "imap.example.com", "from_address": "Shop <shop@example.com>"}
TAKEN = {"message": "2.0.0 Ok: queued"}
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def sent(door: Any, number: int = 0) -> EmailMessage:
    """The mail that was handed over, as a reader takes it apart."""
    found = message_from_bytes(door.sent[number].body, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def envelope(door: Any, number: int = 0) -> list[tuple[str, str]]:
    return list(door.sent[number].headers)


async def test_a_mail_has_its_headers_and_both_bodies() -> None:
    door = mail_server(email, {"SEND smtp:/": TAKEN}, CONFIG)
    given = Message(
        to=["Ada Söhne <ada@example.com>", "bea@bücher.example"],
        cc=["cid@example.com"],
        bcc=["dee@example.com", "cid@example.com"],
        reply_to="care@example.com",
        subject="Grüße — you",
        text="Hällo\n.\nFrom here",
        html="<p>Hällo</p>",
        in_reply_to="<0@example.com>",
        headers={"X-Order": "17"},
    )
    done = await send(door, given)
    assert (done.recipients, done.message) == (4, "2.0.0 Ok: queued")
    mail = sent(door)
    assert str(mail["from"]) == "Shop <shop@example.com>"
    assert str(mail["to"]) == "Ada Söhne <ada@example.com>, bea@xn--bcher-kva.example"
    assert (mail["subject"], mail["x-order"], mail["in-reply-to"]) == ("Grüße — you", "17", "<0@example.com>")
    assert mail["message-id"] == done.message_id
    assert done.message_id.endswith("@example.com>")
    assert mail["bcc"] is None
    assert b"dee@example.com" not in door.sent[0].body
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == ["Hällo", ".", "From here"]
    assert "<p>Hällo</p>" in html.get_content()
    assert door.sent[0].body.isascii()
    assert envelope(door) == [
        ("MAIL-FROM", "shop@example.com"),
        ("RCPT-TO", "ada@example.com"),
        ("RCPT-TO", "bea@xn--bcher-kva.example"),
        ("RCPT-TO", "cid@example.com"),
        ("RCPT-TO", "dee@example.com"),
    ]


async def test_files_and_pictures_go_along() -> None:
    door = mail_server(email, {"SEND smtp:/": TAKEN}, CONFIG)
    files = [
        Attachment(name="logo 1.png", content=Content(b"\x89PNG"), content_type="image/png", inline=True),
        Attachment(name="Rechnung für Ada.pdf", content=Content(b"%PDF\r\n.\r\n"), content_type="application/pdf"),
    ]
    html = '<img src="cid:logo_1.png">'
    await send_with_attachments(
        door, MessageWithFiles(to=["ada@example.com"], subject="Hi", html=html, text="x", attachments=files)
    )
    parts = [(each.get_content_type(), each.get_filename(), each.get_content_disposition()) for each in sent(door).walk()]
    assert parts == [
        ("multipart/mixed", None, None),
        ("multipart/alternative", None, None),
        ("text/plain", None, None),
        ("multipart/related", None, None),
        ("text/html", None, None),
        ("image/png", "logo 1.png", "inline"),
        ("application/pdf", "Rechnung für Ada.pdf", "attachment"),
    ]
    pictures = [each for each in sent(door).walk() if each["content-id"]]
    assert [each["content-id"] for each in pictures] == ["<logo_1.png>"]
    assert [each.get_content() for each in sent(door).iter_attachments()][-1] == b"%PDF\r\n.\r\n"


@pytest.mark.parametrize(
    "poor",
    [
        {"to": []},
        {"to": ["ada@example.com"] * 30, "bcc": ["bea@example.com"] * 21},
        {"text": None},
        {"subject": "Hi\r\nBcc: eve@example.com"},
        {"subject": "Hi\n"},
        {"to": ["ada@example.com\r\nBcc: eve@example.com"]},
        {"sender": "Shop\r\nX: y <shop@example.com>"},
        {"reply_to": "a\n@example.com"},
        {"in_reply_to": "<1@example.com>\r\nX: y"},
        {"headers": {"X-Order": "17\r\nBcc: eve@example.com"}},
        {"headers": {"X Order": "17"}},
        {"headers": {"BCC": "eve@example.com"}},
        {"headers": {"Content-Type": "text/html"}},
    ],
)
def test_what_is_no_mail_is_refused(poor: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Message.model_validate({"to": ["ada@example.com"], "subject": "Hi", "text": "x"} | poor)


@pytest.mark.parametrize(
    "bad", ["a b@example.com", "jörg@example.com", "a@b@example.com", "@example.com", "Ada <ada@exa_mple..com>"]
)
async def test_an_address_that_no_server_takes_is_refused_before_anything_is_said(bad: str) -> None:
    door = mail_server(email, {}, CONFIG)
    with pytest.raises((Rejected, ValidationError)):
        await send(door, Message(to=[bad], subject="Hi", text="x"))
    assert door.sent == []


async def test_a_mail_without_any_sender_is_not_sent() -> None:
    door = mail_server(email, {}, {"host": "smtp.example.com"})
    with pytest.raises(Rejected, match="from_address"):
        await send(door, Message(to=["ada@example.com"], subject="Hi", text="x"))


@pytest.mark.parametrize("name", ["a\r\nX: y", "../etc/passwd", "a/b", "a\\b", ""])
def test_a_files_name_is_a_name(name: str) -> None:
    with pytest.raises(ValidationError):
        Attachment(name=name, content=Content(b""))
    with pytest.raises(ValidationError):
        Attachment(name="a", content=Content(b""), content_type="text/plain\r\nX: y")


@pytest.mark.parametrize(("status", "kind"), [(401, AuthFailed), (429, RateLimited), (500, Unavailable), (422, Rejected)])
async def test_the_servers_no_is_told_in_its_words(status: int, kind: type[Exception]) -> None:
    door = mail_server(email, {"SEND smtp:/": (status, {"message": "550 5.1.1 no such user"})}, CONFIG)
    with pytest.raises(kind, match="no such user"):
        await send(door, Message(to=["ada@example.com"], subject="Hi", text="x"))


async def test_the_login_is_tried_where_there_are_servers() -> None:
    hello = {"server": "mail.example.com", "max_size": 1000}
    door = mail_server(email, {"LOGIN smtp:/": hello, "LOGIN imap:/": {"server": "imap.example.com"}}, CONFIG)
    tried = await try_login(door, Nothing())
    assert (tried.smtp_server, tried.max_size, tried.imap) == ("mail.example.com", 1000, True)
    alone = mail_server(email, {"LOGIN smtp:/": hello}, {"host": "mail.example.com"})
    assert not (await try_login(alone, Nothing())).imap
    assert (await account(door)).id == "shop <shop@example.com>"
    assert (await account(alone)).name == "mail.example.com"


async def test_mailboxes_are_offered_the_inbox_first() -> None:
    rows = [{"name": "Archive", "role": "archive"}, {"name": "INBOX"}]
    page = await mailboxes(mail_server(email, {"LIST imap:/": {"mailboxes": rows}}, CONFIG), Query())
    assert [(each.value, each.detail) for each in page.choices] == [("INBOX", ""), ("Archive", "archive")]


def test_ssl_is_tls() -> None:
    assert Settings.model_validate({"host": "a", "security": "ssl"}).security == "tls"
    with pytest.raises(ValidationError):
        Settings.model_validate({"host": "a b"})


# --- what comes in ----------------------------------------------------------------------------------------------------


def raw(subject: str = "Hello", body: str = "Hi", **headers: str) -> bytes:
    heads = {"Subject": subject, "From": "Ada <ada@example.com>", "To": "shop@example.com"} | headers
    return "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in heads.items()).encode() + b"\r\n" + body.encode()


class Box:
    """A mailbox as a server has it. It can be made anew, which gives all mails other numbers."""

    def __init__(self) -> None:
        self.validity, self.next = 1, 1
        self.mails: dict[int, Letter] = {}

    def receive(self, subject: str, at: datetime | None = None) -> None:
        data = raw(subject)
        at = at or datetime.now(UTC) + timedelta(seconds=self.next)
        self.mails[self.next] = Letter(uid=self.next, received_at=at.replace(microsecond=0), size=len(data), raw=data)
        self.next += 1

    def made_anew(self, first: int = 1) -> None:
        kept, self.mails, self.next, self.validity = list(self.mails.values()), {}, first, self.validity + 1
        for each in kept:
            self.mails[self.next] = each.model_copy(update={"uid": self.next})
            self.next += 1

    def read(self, request: Any) -> Any:
        asked = dict(request.params)
        first, limit, since = int(asked.get("first", 0)), int(asked["limit"]), asked.get("since", "")
        wanted = [each for uid, each in self.mails.items() if first and uid >= first] if "only" not in asked else []
        wanted += [each for uid, each in self.mails.items() if str(uid) == asked.get("only")]
        wanted = [each for each in wanted if each.received_at.date().isoformat() >= since]
        letters = [json.loads(each.model_dump_json()) for each in wanted[:limit]]
        return {"validity": self.validity, "next_uid": self.next, "letters": letters, "more": len(wanted) > limit}


async def looked(box: Box, cursor: str | None) -> tuple[list[str], str, list[str]]:
    """All pages: subjects, the cursor after them, and the keys."""
    door = mail_server(email, {"READ imap:/": box.read}, CONFIG)
    subjects, keys, more = list[str](), list[str](), True
    while more:
        page = await look(door, Since(Watched(), cursor))
        cursor, more = page.cursor, page.more
        subjects += [each.data["subject"] for each in page.events]
        keys += [str(each.key) for each in page.events]
    assert cursor is not None
    return subjects, cursor, keys


async def test_the_first_look_tells_nothing_and_later_ones_tell_each_mail_once() -> None:
    box = Box()
    box.receive("old")
    told, cursor, _ = await looked(box, None)
    assert told == []
    box.receive("one")
    box.receive("two")
    told, cursor, keys = await looked(box, cursor)
    assert (told, len(set(keys))) == (["one", "two"], 2)
    assert (await looked(box, cursor))[0] == []
    for number in range(45):
        box.receive(f"mail {number}")
    told, cursor, _ = await looked(box, cursor)
    assert told == [f"mail {number}" for number in range(45)], "page after page"
    assert (await looked(box, cursor))[0] == []


async def test_a_mail_that_is_deleted_before_the_look_hides_none() -> None:
    box = Box()
    _, cursor, _ = await looked(box, None)
    box.receive("one")
    box.receive("two")
    del box.mails[2]
    told, cursor, _ = await looked(box, cursor)
    box.receive("three")
    assert told + (await looked(box, cursor))[0] == ["one", "three"]


@pytest.mark.parametrize("first", [1, 500])
async def test_a_mailbox_that_is_made_anew_loses_and_repeats_nothing(first: int) -> None:
    box = Box()
    for number in range(30):
        box.receive(f"old {number}", datetime.now(UTC) - timedelta(hours=1))
    _, cursor, _ = await looked(box, None)
    same = datetime.now(UTC) + timedelta(minutes=5)
    box.receive("one", same)
    told, cursor, _ = await looked(box, cursor)
    box.receive("two", same)  # in the very second of the one before
    box.made_anew(first)
    box.receive("three", same + timedelta(minutes=1))
    more, cursor, _ = await looked(box, cursor)
    assert told + more == ["one", "two", "three"]
    box.made_anew(first)
    assert (await looked(box, cursor))[0] == []
    box.receive("four", same + timedelta(minutes=2))
    assert (await looked(box, cursor))[0] == ["four"]


async def test_a_mailbox_that_is_made_anew_is_read_page_after_page() -> None:
    box = Box()
    box.receive("old", datetime.now(UTC) - timedelta(hours=1))
    _, cursor, _ = await looked(box, None)
    for number in range(50):
        box.receive(f"mail {number}")
    box.made_anew()
    told, cursor, _ = await looked(box, cursor)
    assert told == [f"mail {number}" for number in range(50)]
    box.made_anew()
    assert (await looked(box, cursor))[0] == []


async def test_a_mail_is_an_event_with_its_parts() -> None:
    box = Box()
    _, cursor, _ = await looked(box, None)
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = (
        "Ümläut",
        "Ada, Dr. <ada@example.com>",
        '"Last, First" <b@example.com>, c@example.com',
    )
    mail["Message-ID"], mail["Auto-Submitted"] = "<1@example.com>", "auto-replied"
    mail.set_content("Hällo")
    mail.add_alternative("<p>Hällo</p>", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    data = mail.as_bytes()
    box.mails[1] = Letter(uid=1, received_at=NOW, size=len(data), raw=data)
    box.next = 2
    door = mail_server(email, {"READ imap:/": box.read}, CONFIG)
    (event,) = (await look(door, Since(Watched(mailbox="Post"), cursor))).events
    assert email.name_event(event.data) == "received"
    told = event.data
    assert (told["subject"], told["text"], told["html"]) == ("Ümläut", "Hällo\n", "<p>Hällo</p>\n")
    assert (told["to"], told["automatic"], told["mailbox"]) == (['"Last, First" <b@example.com>', "c@example.com"], True, "Post")
    assert told["attachments"] == [{"name": "a.pdf", "content_type": "application/pdf", "size": 4}]
    full = await get(door, MessageRef(uid=1, validity=1))
    assert [(each.name, each.content.read()) for each in full.attachments] == [("a.pdf", b"%PDF")]
    for which, words in ((MessageRef(uid=9), "no such mail"), (MessageRef(uid=1, validity=2), "made anew")):
        with pytest.raises(Rejected, match=words):
            await get(door, which)
    box.mails[1] = box.mails[1].model_copy(update={"cut": True})
    with pytest.raises(Unavailable, match="8 MB"):
        await get(door, MessageRef(uid=1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: =?x?b?!!?=\r\nFrom: <<>>\r\nTo: ,,;@\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff",
        b"Content-Type: multipart/mixed\r\n\r\n--x",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!",
        b"Content-Type: a; name*0*=x'y; boundary=\"\r\nContent-Disposition: attachment; filename*=\r\n\r\n",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)),
    ],
)
def test_a_broken_mail_is_read_as_far_as_it_goes(data: bytes) -> None:
    read = read_letter(Letter(uid=1, received_at=NOW, size=len(data), raw=data))
    json.dumps([read.subject, read.sender, read.to, read.text, [each.name for each in read.files]]).encode()
