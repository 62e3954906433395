"""Mail servers: what goes over the line and what must not, TLS always, one deadline, clear words for each failure."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from typing import Any

import pytest
from certificates import Authority
from hypothesis import given
from hypothesis import strategies as st

from powerstrip.adapter import Adapter, AuthFailed, MailLogin, MailServers, Model, RateLimited, Rejected, Unavailable
from powerstrip.adapter.mail import bare_address
from powerstrip.clock import monotonic
from powerstrip.edge import Caps, NoAnswer, Refused, Unreached, origin_of
from powerstrip.edge.mail import utf7
from powerstrip.settings import Settings

LOGIN = {"username": "ada@example.com", "password": "invented-Pässword-01"}
NAME = "mail.example.com"
PLAIN = base64.b64encode(f"\0{LOGIN['username']}\0{LOGIN['password']}".encode()).decode()


class Config(Model):
    host: str = "127.0.0.1"
    port: int | None = None
    security: str = "none"
    imap_host: str | None = None
    imap_port: int | None = None
    imap_security: str = "none"


poster = Adapter(id="poster", title="Poster", base_url="", config=Config, auth=MailLogin(), mail=MailServers())

Say = Callable[[bytes], bytes | None]
GREETING = b"220 mail.example.com ready\r\n"
HELLO = b"250-mail.example.com\r\n250-SIZE 100000\r\n250 AUTH PLAIN LOGIN\r\n"


class Server:
    """A server that answers line by line as told. `None` hangs up; what is between DATA and the dot is kept."""

    def __init__(self, greeting: bytes, say: Say) -> None:
        self.greeting, self.say = greeting, say
        self.lines: list[bytes] = []
        self.mail = b""
        self.port = 0
        self.tls: ssl.SSLContext | None = None
        self.open = self.most = self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open, self.connections = self.open + 1, self.connections + 1
        self.most = max(self.most, self.open)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.greeting)
        while line := await reader.readline():
            self.lines.append(line.rstrip(b"\r\n"))
            answer = self.say(self.lines[-1])
            if answer is None:
                return
            writer.write(answer)
            await writer.drain()
            if answer.startswith(b"354"):
                self.mail = await reader.readuntil(b"\r\n.\r\n")
                self.lines.append(b"<the mail>")
                answer = self.say(b"<the mail>")
                if answer is None:
                    return
                writer.write(answer)
            if self.lines[-1].upper().endswith(b"STARTTLS") and self.tls:
                await writer.start_tls(self.tls)

    def said(self, word: bytes) -> bool:
        return any(line.upper().startswith(word) for line in self.lines)


def smtp(**other: bytes | None) -> Say:
    """An SMTP server that takes everything, but answers these words otherwise (`mail` stands for the mail itself)."""
    usual: dict[str, bytes] = {
        "EHLO": HELLO, "AUTH": b"235 2.7.0 in\r\n", "MAIL": b"250 ok\r\n", "RCPT": b"250 ok\r\n", "DATA": b"354 go\r\n",
        "<THE": b"250 2.0.0 Ok: queued as 1A2B\r\n", "QUIT": b"221 bye\r\n", "STARTTLS": b"220 go\r\n",
    }  # fmt: skip
    told: dict[str, bytes | None] = usual | {("<THE" if name == "mail" else name.upper()): each for name, each in other.items()}
    return lambda line: told.get(line.split(b" ")[0].decode().upper(), b"500 what\r\n")


@pytest.fixture
async def server() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    running: list[asyncio.Server] = []

    async def start(say: Say, greeting: bytes = GREETING, tls: ssl.SSLContext | None = None, at_once: bool = False) -> Server:
        made = Server(greeting, say)
        made.tls = tls
        listening = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls if at_once else None)
        running.append(listening)
        made.port = listening.sockets[0].getsockname()[1]
        return made

    yield start
    for each in running:
        each.close()


def mail(text: str = "Hi", **headers: str) -> EmailMessage:
    made = EmailMessage()
    for name, value in ({"Subject": "Hello", "From": "a@example.com", "To": "b@example.com"} | headers).items():
        made[name] = value
    made.set_content(text)
    return made


@pytest.fixture
def post(bench: Any) -> Any:
    """`await post(server)` gives a `Mail` and its trace. Keywords go to the call, `edge` to the edge, `config` to the config."""

    async def make(there: Server | None, *, config: Any = None, edge: Any = None, mode: str = "live", **call: Any) -> Any:
        made = await bench(credentials=LOGIN, **(edge or {}))
        settings = {"host": "127.0.0.1", "port": there.port if there else 25, "security": "none"} | (config or {})
        bound = {"config": settings, "mode": mode}
        given = {"read_only": False} | call
        return made.door(poster, bound, **given)

    return make


async def send(door: Any, text: str = "Hi", recipients: tuple[str, ...] = ("b@example.com",)) -> Any:
    return await door.send(mail(text), sender="a@example.com", recipients=recipients)


async def test_a_mail_is_handed_over(server: Any, post: Any) -> None:
    there = await server(smtp())
    door, trace = await post(there)
    taken = await send(door, "First\n.dot\nlast", ("b@example.com", "c@example.com"))
    assert taken.message == "2.0.0 Ok: queued as 1A2B"
    words = [line.split(b" ")[0] for line in there.lines]
    assert words == [b"ehlo", b"AUTH", b"MAIL", b"RCPT", b"RCPT", b"DATA", b"<the", b"QUIT"]
    assert there.lines[0] == b"ehlo [127.0.0.1]", "no name of this machine is told, and none is looked up"
    assert there.lines[1] == f"AUTH PLAIN {PLAIN}".encode()
    assert there.lines[2].startswith(b"MAIL FROM:<a@example.com> SIZE=")
    assert b"\r\n..dot\r\nlast\r\n.\r\n" in there.mail
    assert b"\n" not in there.mail.replace(b"\r\n", b"")
    assert (trace.attempts, trace.open_writes) == (1, set())


async def test_one_refused_recipient_is_nobody(server: Any, post: Any) -> None:
    there = await server(smtp(rcpt=b"550 5.1.1 no such user invented-P\xc3\xa4ssword-01\r\n"))
    door, trace = await post(there)
    with pytest.raises(Rejected, match=r"Nothing was sent, for b@example.com was refused: 550 5.1.1 no such user \[secret\]"):
        await send(door)
    assert not there.said(b"DATA")
    assert not trace.unknown


@pytest.mark.parametrize(
    ("other", "kind", "words"),
    [
        ({"auth": b"535 5.7.8 wrong\r\n"}, AuthFailed, "535 5.7.8 wrong"),
        ({"auth": b"454 4.7.0 later\r\n"}, RateLimited, "later"),
        ({"mail": b"554 5.7.1 spam\r\n"}, Rejected, "spam"),
        ({"mail": b"451 4.7.1 slowly\r\n"}, RateLimited, "slowly"),
        ({"mail": b"452 4.3.1 full\r\n"}, Unreached, "full"),
        ({"rcpt": b"451 4.3.0 broken\r\n"}, Unreached, "broken"),
        ({"ehlo": b"250 mail.example.com\r\n"}, Rejected, "takes no login"),
        ({"ehlo": b"250-m\r\n250-SIZE 10\r\n250 AUTH PLAIN\r\n"}, Rejected, "the server takes 10"),
    ],
)
async def test_each_no_has_its_error(server: Any, post: Any, other: Any, kind: type[Exception], words: str) -> None:
    there = await server(smtp(**other))
    door, trace = await post(there)
    with pytest.raises(kind, match=words):
        await send(door)
    assert not trace.unknown, "a clear no is no doubt"
    assert there.connections == (3 if kind is Unreached else 1), "what took nothing is tried again"


async def test_a_login_is_said_in_two_lines_where_that_is_all_the_server_knows(server: Any, post: Any) -> None:
    user, word = (base64.b64encode(each.encode()) for each in LOGIN.values())
    usual = smtp(ehlo=b"250-m\r\n250 AUTH LOGIN\r\n", auth=b"334 user\r\n")
    there = await server(lambda line: {user: b"334 word\r\n", word: b"235 in\r\n"}.get(line, usual(line)))
    door, _ = await post(there)
    assert (await door.login()).server == "m"


async def test_a_line_that_breaks_before_the_mail_is_tried_again_and_after_it_is_not(server: Any, post: Any) -> None:
    there = await server(smtp(data=None))
    door, trace = await post(there)
    with pytest.raises(Unreached):
        await send(door)
    assert (there.connections, trace.retries, trace.unknown) == (3, 2, False)

    there = await server(smtp(mail=None))
    door, trace = await post(there)
    with pytest.raises(NoAnswer):
        await send(door)
    assert (there.connections, trace.unknown) == (1, True), "nobody knows whether it was taken, so it is not sent twice"


async def test_a_slow_server_is_left_at_the_deadline(server: Any, post: Any) -> None:
    there = await server(lambda line: b"")
    door, trace = await post(there, deadline=monotonic() + 0.3)
    with pytest.raises(Unavailable):
        await send(door)
    assert not trace.unknown


async def test_a_server_that_talks_without_end_is_left(server: Any, post: Any) -> None:
    there = await server(smtp(ehlo=b"250-more and more of it\r\n" * 5000))
    door, _ = await post(there, edge={"caps": Caps(body=50_000)})
    with pytest.raises(Refused, match="larger"):
        await send(door)


async def test_connections_to_one_server_are_few(server: Any, post: Any) -> None:
    there = await server(smtp())
    door, _ = await post(there, edge={"caps": Caps(mail_per_host=2)})
    await asyncio.gather(*(door.login() for _ in range(6)))
    assert (there.connections, there.most) == (6, 2)


@pytest.mark.parametrize(
    "bad", ["a@example.com\r\nRCPT TO:<eve@example.com>", "a@example.com> SIZE=1", "a b@example.com", "a", "ä@example.com", ""]
)
async def test_an_address_cannot_say_more_than_itself(server: Any, post: Any, bad: str) -> None:
    there = await server(smtp())
    door, _ = await post(there)
    for sender, recipient in ((bad, "b@example.com"), ("a@example.com", bad)):
        with pytest.raises(Rejected):
            await door.send(mail(), sender=sender, recipients=[recipient])
    assert there.connections == 0


def test_domains_are_written_in_ascii() -> None:
    assert bare_address("ada@bücher.example") == "ada@xn--bcher-kva.example"
    assert bare_address("root@[127.0.0.1]") == "root@[127.0.0.1]"


async def test_bare_line_ends_are_no_end_of_the_mail(server: Any, post: Any) -> None:
    """What a server might read as the end of a mail, and what follows as another one."""
    there = await server(smtp())
    door, _ = await post(there)
    made = mail()
    made.set_payload("a\n.\nMAIL FROM:<eve@example.com>\r.\rb\r\n.\r\nc")
    await door.send(made, sender="a@example.com", recipients=["b@example.com"])
    assert there.mail.endswith(b"a\r\n..\r\nMAIL FROM:<eve@example.com>\r\n..\r\nb\r\n..\r\nc\r\n.\r\n")


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def secured(authority: Authority, server: Any, post: Any, tmp_path: Any) -> Any:
    """A server with a certificate, and an edge that trusts its authority and finds every name on this machine."""

    async def make(say: Say, security: str, *, name: str = NAME, greeting: bytes = GREETING, port: int | None = None) -> Any:
        certificate, key = authority.issue(name)
        (tmp_path / "server.pem").write_text(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "server.pem")
        there = await server(say, greeting, context, security == "tls")

        async def here(_: str) -> list[str]:
            return ["127.0.0.1"]

        edge = {"tls": lambda: ssl.create_default_context(cadata=authority.pem), "lookup": here}
        config = {"host": NAME, "security": security, "imap_host": NAME, "imap_port": there.port, "imap_security": security}
        door, _ = await post(there, edge=edge, config=config)
        return there, door

    return make


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_the_servers_name_is_verified(secured: Any, security: str) -> None:
    there, door = await secured(smtp(ehlo=HELLO.replace(b"250 AUTH", b"250-STARTTLS\r\n250 AUTH")), security)
    assert (await send(door)).message
    assert there.said(b"AUTH")
    there, door = await secured(
        smtp(ehlo=HELLO.replace(b"250 AUTH", b"250-STARTTLS\r\n250 AUTH")), security, name="other.example.com"
    )
    with pytest.raises(Refused, match="certificate"):
        await send(door)
    assert not there.said(b"AUTH")


async def test_nobody_signs_in_where_starttls_is_not_offered(secured: Any) -> None:
    there, door = await secured(smtp(), "starttls")
    with pytest.raises(Refused, match="offers no STARTTLS"):
        await send(door)
    assert not there.said(b"AUTH")
    assert not there.said(b"MAIL")


async def test_what_was_said_before_tls_does_not_count(secured: Any) -> None:
    """An answer that somebody slipped in behind the 220 (CVE-2011-0411) is forgotten."""
    slipped = b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n235 in\r\n"
    there, door = await secured(smtp(ehlo=HELLO.replace(b"250 AUTH", b"250-STARTTLS\r\n250 AUTH"), starttls=slipped), "starttls")
    greeting = await door.login()
    assert greeting.server == "mail.example.com"
    assert there.said(b"AUTH")


# --- where it may go --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"host": "93.184.216.34", "security": "none", "port": 25}, "TLS or STARTTLS only"),
        ({"host": "93.184.216.34", "security": "tls", "port": 6379}, "not one of such a mail server"),
        ({"host": "10.1.2.3", "security": "tls", "port": 465}, "not a public one"),
        ({"host": "169.254.169.254", "security": "starttls", "port": 25}, "metadata"),
        ({"host": "localhost", "security": "tls", "port": 465}, "local network"),
        ({"host": "mail.example.com:587"}, "host name alone"),
        ({"host": "user@mail.example.com"}, "cannot be used"),
        ({"host": ""}, "Fill in the settings"),
    ],
)
async def test_what_may_not_be_reached(post: Any, config: Any, words: str) -> None:
    door, trace = await post(None, edge={"allow": ()}, config=config)
    with pytest.raises(Refused, match=words):
        await send(door)
    assert trace.attempts == 0


async def test_a_name_with_one_private_address_is_refused(post: Any) -> None:
    async def both(_: str) -> list[str]:
        return ["93.184.216.34", "10.0.0.1"]

    door, _ = await post(None, edge={"allow": (), "lookup": both}, config={"host": NAME, "security": "tls", "port": 465})
    with pytest.raises(Refused, match="not a public one"):
        await send(door)


async def test_the_operators_address_comes_first(server: Any, post: Any) -> None:
    there = await server(smtp())
    urls = {"poster": f"http://127.0.0.1:{there.port}"}
    door, trace = await post(there, edge={"allow": (), "urls": urls}, config={"host": "mail.example.com", "security": "tls"})
    assert (await door.login()).max_size == 100_000
    assert trace.host == "127.0.0.1"


def test_the_origin_tells_how_the_line_is_secured(tmp_path: Any) -> None:
    settings = Settings(data=tmp_path)
    places = {
        "tls": "smtps://mail.example.com:465 imap://mail.example.com:143",
        "starttls": "smtp://mail.example.com:587 imap://mail.example.com:143",
        "none": "smtp+plain://mail.example.com:25 imap://mail.example.com:143",
    }
    for security, origin in places.items():
        config = {"host": NAME, "port": None, "security": security, "imap_host": NAME, "imap_security": "starttls"}
        assert origin_of(poster, config, settings) == origin


# --- the sandbox ------------------------------------------------------------------------------------------------------


async def test_a_sandbox_writes_down_the_very_mail_and_opens_nothing(server: Any, post: Any, bench: Any) -> None:
    there = await server(smtp())
    door, trace = await post(there, mode="sandbox")
    taken = await send(door, "Grüße", ("b@example.com", "c@example.com"))
    assert taken.message
    (row,) = trace.would_send
    assert (row["method"], row["url"]) == ("SEND", f"smtp+plain://127.0.0.1:{there.port}/")
    assert json.loads(row["headers"]) == [
        ["MAIL-FROM", "a@example.com"],
        ["RCPT-TO", "b@example.com"],
        ["RCPT-TO", "c@example.com"],
        ["AUTH", "<username> <password>"],
    ]
    assert row["body"].startswith("Subject: Hello\r\n")
    assert "\r\n\r\nGr" in row["body"]
    assert LOGIN["password"] not in json.dumps(row)
    assert PLAIN not in json.dumps(row)
    assert (there.connections, trace.attempts) == (0, 0)


async def test_a_sandbox_reads_nothing_either(server: Any, post: Any) -> None:
    there = await server(smtp())
    door, trace = await post(there, mode="sandbox", config={"imap_host": "127.0.0.1", "imap_port": there.port})
    assert (await door.read("INBOX", first=7)).validity >= 0
    assert "mailbox=INBOX&first=7" in trace.would_send[0]["url"]
    assert there.connections == 0
    door, _ = await post(there, mode="sandbox", simulate="server_error")
    with pytest.raises(Unavailable, match="Simulated"):
        await send(door)


# --- IMAP -------------------------------------------------------------------------------------------------------------


LISTED = (
    b'* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\Noselect) "/" "x"\r\n'
    b'* LIST (\\Sent) "/" "Entw&APw-rfe & \\"q\\""\r\n* LIST () NIL {3}\r\nodd\r\n{tag} OK done\r\n'
)


def imap(**other: bytes | None) -> Say:
    """An IMAP server with one mail in it; `{tag}` stands for the command's tag."""
    raw = b"Subject: Hello\r\n\r\nmy word is invented-P\xc3\xa4ssword-01"
    usual: dict[str, bytes] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done\r\n", "AUTHENTICATE": b"+ \r\n",
        "LOGIN": b"{tag} OK in\r\n",
        "EXAMINE": b"* OK [UIDVALIDITY 3]\r\n* OK [UIDNEXT 8]\r\n{tag} OK done\r\n",
        "SEARCH": b"* SEARCH 7 5\r\n{tag} OK done\r\n",
        "FETCH": b'* 1 FETCH (UID {uid} INTERNALDATE "17-Nov-2026 10:00:00 +0100" RFC822.SIZE 99 FLAGS (\\Seen) '
        b"BODY[]<0> {%d}\r\n%s)\r\n{tag} OK done\r\n" % (len(raw), raw),
        "LIST": LISTED,
        "LOGOUT": b"* BYE\r\n{tag} OK done\r\n", "STARTTLS": b"{tag} OK go\r\n",
    }  # fmt: skip
    told: dict[str, bytes | None] = usual | {name.upper(): each for name, each in other.items()}
    tags: list[bytes] = [b""]

    def say(line: bytes) -> bytes | None:
        if b" " not in line:
            return (told.get("PROOF") or b"{tag} OK in\r\n").replace(b"{tag}", tags[0])
        tag, word, *rest = line.split(b" ")
        tags[0] = tag
        name = (rest[0] if word.upper() == b"UID" else word).decode().upper()
        answer = told.get(name, b"{tag} BAD what\r\n")
        uid = rest[1] if name == "FETCH" else b""
        return None if answer is None else answer.replace(b"{tag}", tag).replace(b"{uid}", uid)

    return say


@pytest.fixture
def inbox(server: Any, post: Any) -> Any:
    async def make(say: Say, **more: Any) -> Any:
        there = await server(say, b"* OK ready\r\n")
        door, trace = await post(there, config={"imap_host": "127.0.0.1", "imap_port": there.port}, read_only=True, **more)
        return there, door, trace

    return make


async def test_mails_are_read_in_their_order_and_stay_unread(inbox: Any) -> None:
    there, door, _ = await inbox(imap())
    found = await door.read("INBOX", first=5)
    assert (found.validity, found.next_uid, [letter.uid for letter in found.letters], found.more) == (3, 8, [5, 7], False)
    letter = found.letters[0]
    assert (letter.received_at.isoformat(), letter.size, letter.seen, letter.cut) == ("2026-11-17T10:00:00+01:00", 99, True, True)
    assert letter.raw == b"Subject: Hello\r\n\r\nmy word is [secret]", "scrubbed before it is wrapped, and still readable"
    assert there.said(b"LPFE0 ") or any(b"EXAMINE" in line for line in there.lines)
    assert not any(b"SELECT" in line or b"STORE" in line for line in there.lines)
    assert any(b"BODY.PEEK[]<0.262144>" in line for line in there.lines)


async def test_a_range_does_not_bring_back_what_is_below_it(inbox: Any) -> None:
    """`9:*` holds the newest mail although that is below 9."""
    _, door, _ = await inbox(imap(search=b"* SEARCH 7\r\n{tag} OK done\r\n"))
    assert (await door.read("INBOX", first=9)).letters == []


async def test_pages_and_days(inbox: Any) -> None:
    there, door, _ = await inbox(imap())
    from datetime import UTC, datetime

    found = await door.read("INBOX", first=1, since=datetime(2026, 2, 3, tzinfo=UTC), limit=1)
    assert ([letter.uid for letter in found.letters], found.more) == ([5], True)
    assert any(b"UID 1:* SINCE 03-Feb-2026" in line for line in there.lines)
    assert (await door.read("INBOX")).letters == []


async def test_names_of_mailboxes_are_those_that_people_gave(inbox: Any) -> None:
    there, door, _ = await inbox(imap())
    found = await door.mailboxes()
    assert [(each.name, each.role) for each in found] == [("INBOX", ""), ('Entwürfe & "q"', "sent"), ("odd", "")]
    await door.read('Entwürfe & "q"\\')
    assert any(b'EXAMINE "Entw&APw-rfe &- \\"q\\"\\\\"' in line for line in there.lines)
    with pytest.raises(Rejected, match="one line"):
        await door.read("INBOX\r\nx LOGOUT")


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ({"proof": b"{tag} NO [AUTHENTICATIONFAILED] wrong invented-P\xc3\xa4ssword-01\r\n"}, AuthFailed),
        ({"proof": b"{tag} NO [UNAVAILABLE] later\r\n"}, Unavailable),
        ({"proof": b"{tag} NO [LIMIT] too many\r\n"}, RateLimited),
        ({"examine": b"{tag} NO no such mailbox\r\n"}, Rejected),
        ({"capability": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK done\r\n"}, Rejected),
        ({"search": b"garbage\r\n"}, Unavailable),
        ({"search": None}, NoAnswer),
        ({"fetch": b"* 1 FETCH (BODY[]<0> {99999999}\r\n"}, Refused),
    ],
)
async def test_imaps_no_has_its_error_too(inbox: Any, other: Any, kind: type[Exception]) -> None:
    _, door, _ = await inbox(imap(**other))
    with pytest.raises(kind) as caught:
        await door.read("INBOX", first=1)
    assert "ssword" not in str(caught.value)


async def test_imap_goes_over_to_tls(secured: Any) -> None:
    capable = imap(capability=b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n{tag} OK done\r\n")
    there, door = await secured(capable, "starttls", greeting=b"* OK ready\r\n")
    assert (await door.login("imap")).server == NAME
    there, door = await secured(imap(), "starttls", greeting=b"* OK ready\r\n")
    with pytest.raises(Refused, match="offers no STARTTLS"):
        await door.login("imap")
    assert not any(b"AUTHENTICATE" in line for line in there.lines)
    _, door = await secured(imap(), "tls", greeting=b"* OK ready\r\n")
    assert (await door.login("imap")).server == NAME


@given(st.text(max_size=30))
def test_names_survive_imaps_spelling(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    coded = utf7.encode(name)
    assert coded.isascii()
    assert coded.isprintable()
    assert utf7.decode(coded) == name
