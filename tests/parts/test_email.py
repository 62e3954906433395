"""The email adapter against mail servers: MailDev and aiosmtpd take mail, pymap has mailboxes."""

import imaplib
import json
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from parts.process import free_port
from parts.servers import MailHouse
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import AuthFailed, Content, Rejected, Unavailable
from powerstrip_email import email

pytestmark = pytest.mark.part

FROM = {"from_address": "Shop <shop@example.com>"}
MAIL = {"to": ["Ada Söhne <ada@example.com>"], "subject": "Grüße", "text": "Hi\n.\nAda", "html": "<p>Hi"}


@pytest.fixture
async def box(maildev: MailHouse, pymap: MailHouse, tmp_path: Path) -> AsyncIterator[Connected]:
    """Both servers, where the operator says that they are."""
    urls = {"imap": f"http://127.0.0.1:{pymap.port}"}
    settings = FROM | {"host": "mail.example.com", "imap_host": "mail.example.com"}
    async with connected(
        email, f"http://127.0.0.1:{maildev.port}", tmp_path, maildev.credentials, apis=urls, **settings
    ) as connection:
        yield connection


def kept(maildev: MailHouse, message_id: str) -> dict[str, Any]:
    """The mail as MailDev has it."""
    with urllib.request.urlopen(f"{maildev.url}/email") as answer:
        (found,) = [each for each in json.loads(answer.read()) if each["messageId"] == message_id.strip("<>")]
    return found


def source(maildev: MailHouse, id: str) -> bytes:
    with urllib.request.urlopen(f"{maildev.url}/email/{id}/source") as answer:
        return answer.read()


async def test_a_mail_arrives_as_it_was_written(box: Connected, maildev: MailHouse) -> None:
    sent = await box.call("message.send", **MAIL, cc=["bea@bücher.example"], bcc=["cid@example.com"], headers={"X-Order": "17"})
    assert sent.recipients == 3
    mail = kept(maildev, sent.message_id)
    assert (mail["subject"], mail["from"]) == ("Grüße", [{"address": "shop@example.com", "name": "Shop"}])
    assert mail["to"] == [{"address": "ada@example.com", "name": "Ada Söhne"}]
    assert mail["text"].splitlines()[:3] == ["Hi", ".", "Ada"]
    assert mail["headers"]["x-order"] == "17"
    people = [each["address"] if isinstance(each, dict) else each for each in mail["envelope"]["to"]]
    assert people == ["ada@example.com", "bea@bücher.example", "cid@example.com"], "MailDev tells names in letters"
    raw = source(maildev, mail["id"])
    assert b"cid@example.com" not in raw.partition(b"\r\n\r\n")[0] or b"Bcc" not in raw


async def test_files_arrive_byte_by_byte(box: Connected, maildev: MailHouse) -> None:
    data = bytes(range(256)) * 400
    files = [{"name": "Rechnung für Ada.pdf", "content": Content(data), "content_type": "application/pdf"}]
    sent = await box.call("message.send_with_attachments", **MAIL, attachments=files)
    mail = kept(maildev, sent.message_id)
    whole = message_from_bytes(source(maildev, mail["id"]))
    (file,) = [part for part in whole.walk() if part.get_content_type() == "application/pdf"]
    assert file.get_payload(decode=True) == data
    assert mail["attachments"][0]["fileName"] == "Rechnung für Ada.pdf"


async def test_the_login_holds_at_both_and_a_wrong_one_at_neither(box: Connected, maildev: MailHouse) -> None:
    tried = await box.call("login.test")
    assert tried.imap
    assert (await box.account()).name == "Shop <shop@example.com>"
    wrong = Connected(box.edge, box.adapter, box.config, maildev.credentials | {"password": "invented-wrong-password"})
    with pytest.raises(AuthFailed):
        await wrong.call("message.send", **MAIL)
    with pytest.raises(AuthFailed) as caught:
        await wrong.pick("mailbox")
    assert "invented-wrong-password" not in str(caught.value)


async def test_what_a_sandbox_writes_down_is_a_mail_that_the_server_takes(box: Connected, maildev: MailHouse) -> None:
    before = json.loads(urllib.request.urlopen(f"{maildev.url}/email").read())
    (row,) = await box.sandboxed("message.send", **MAIL)
    assert json.loads(urllib.request.urlopen(f"{maildev.url}/email").read()) == before, "nothing was sent"
    assert (row["method"], row["url"]) == ("SEND", f"smtp+plain://127.0.0.1:{maildev.port}/")
    assert ["AUTH", "<username> <password>"] in json.loads(row["headers"])
    assert maildev.password not in json.dumps(row)
    import smtplib

    envelope = json.loads(row["headers"])
    people = [value for name, value in envelope if name == "RCPT-TO"]
    with smtplib.SMTP("127.0.0.1", maildev.port, local_hostname="[127.0.0.1]") as client:
        client.login(maildev.username, maildev.password)
        client.sendmail(dict(envelope)["MAIL-FROM"], people, row["body"].encode())
    written = message_from_bytes(row["body"].encode())
    assert kept(maildev, written["Message-ID"])["subject"] == "Grüße"


async def test_nobody_listens(tmp_path: Path) -> None:
    async with connected(
        email, f"http://127.0.0.1:{free_port()}", tmp_path, MailHouse(0).credentials, host="x", **FROM
    ) as nobody:
        with pytest.raises(Unavailable, match="nothing was sent"):
            await nobody.call("message.send", **MAIL)


# --- over TLS ---------------------------------------------------------------------------------------------------------


class Keeps:
    """An aiosmtpd that keeps what it is given and refuses one address."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 Ok: queued as 1A2B"


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[Keeps, int, str]]:
    """It takes a login only after STARTTLS. Its certificate is its own authority."""
    made = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made)

    def let_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        known = MailHouse(0)
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            known.username.encode(),
            known.password.encode(),
        )
        return AuthResult(success=right)

    keeps, port = Keeps(), free_port()
    options = {"require_starttls": True, "auth_required": True, "authenticator": let_in, "tls_context": context}
    controller = Controller(keeps, hostname="127.0.0.1", port=port, **options)
    controller.start()
    yield keeps, port, made.read_text()
    controller.stop()


def _certificate(folder: Path) -> Path:
    import datetime
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


async def test_starttls_with_a_certificate_that_holds(
    secured: tuple[Keeps, int, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeps, port, pem = secured
    place = {"host": "127.0.0.1", "port": port, "security": "starttls"}
    async with connected(email, "", tmp_path, MailHouse(0).credentials, **place, **FROM) as stranger:
        with pytest.raises(Rejected, match="certificate"):
            await stranger.call("message.send", **MAIL)
    (tmp_path / "authority.pem").write_text(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    async with connected(email, "", tmp_path, MailHouse(0).credentials, **place, **FROM) as house:
        assert "queued" in (await house.call("message.send", **MAIL)).message
        with pytest.raises(Rejected, match=r"nobody@example.com was refused: 550 5.1.1 no such user here"):
            await house.call("message.send", **(MAIL | {"to": ["ada@example.com", "nobody@example.com"]}))
    assert [(sender, people) for sender, people, _ in keeps.mails] == [("shop@example.com", ["ada@example.com"])]


# --- mailboxes --------------------------------------------------------------------------------------------------------


class Owner:
    """Somebody with another mail program."""

    def __init__(self, house: MailHouse) -> None:
        self._client = imaplib.IMAP4("127.0.0.1", house.port)
        self._client.login(house.username, house.password)

    def put(self, subject: str, mailbox: str = "INBOX", body: bytes = b"Hi") -> None:
        raw = f"Subject: {subject}\r\nFrom: Ada <ada@example.com>\r\nMessage-ID: <{subject}@example.com>\r\n\r\n".encode() + body
        kind, _ = self._client.append(mailbox, "", imaplib.Time2Internaldate(time.time()), raw)
        assert kind == "OK"

    def again(self, mailbox: str) -> None:
        """Make a mailbox anew, empty: its numbers begin anew, with another validity."""
        self._client.delete(mailbox)
        kind, _ = self._client.create(mailbox)
        assert kind == "OK"

    def flags(self, mailbox: str = "INBOX") -> bytes:
        self._client.select(mailbox, readonly=True)
        return b" ".join(each for each in self._client.fetch("1:*", "(FLAGS)")[1] if isinstance(each, bytes))


async def test_mail_that_comes_in_is_told_once(box: Connected, pymap: MailHouse) -> None:
    owner = Owner(pymap)
    owner.put("before")
    first = await box.look("mailbox", None)
    assert list(first.events) == []
    owner.put("one", body=b"my password is " + pymap.password.encode())
    owner.put("two")
    page = await box.look("mailbox", first.cursor)
    assert [each.data["subject"] for each in page.events] == ["one", "two"]
    assert page.events[0].data["text"] == "my password is [secret]"
    assert list((await box.look("mailbox", page.cursor)).events) == []
    assert b"\\Seen" not in owner.flags()
    uid, validity = (page.events[1].data[name] for name in ("uid", "validity"))
    read = await box.call("message.get", uid=uid, validity=validity)
    assert (read.subject, read.text) == ("two", "Hi")
    with pytest.raises(Rejected, match="no such mail"):
        await box.call("message.get", uid=uid + 100)


async def test_a_mailbox_that_is_made_anew(box: Connected, pymap: MailHouse) -> None:
    owner = Owner(pymap)
    owner.again("Orders")
    cursor = (await box.look("mailbox", None, mailbox="Orders")).cursor
    owner.put("one", "Orders")
    page = await box.look("mailbox", cursor, mailbox="Orders")
    assert [each.data["subject"] for each in page.events] == ["one"]
    owner.again("Orders")
    time.sleep(1.1)  # IMAP's times have seconds
    owner.put("two", "Orders")
    again = await box.look("mailbox", page.cursor, mailbox="Orders")
    assert [each.data["subject"] for each in again.events] == ["two"]
    assert again.events[0].data["validity"] != page.events[0].data["validity"]


async def test_mailboxes_are_offered(box: Connected, pymap: MailHouse) -> None:
    owner = Owner(pymap)
    owner.again("Entw&APw-rfe")
    names = [each.value for each in (await box.pick("mailbox")).choices]
    assert names[0] == "INBOX"
    assert "Entwürfe" in names
    assert (await box.look("mailbox", None, mailbox="Entwürfe")).cursor
    with pytest.raises(Rejected):
        await box.look("mailbox", None, mailbox="Nowhere")
