"""One conversation with an IMAP server, in a thread. It marks nothing. Sources: RFC 3501, RFC 6154 (roles), RFC 2595."""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, cast

from powerstrip.adapter import Greeting, Letter, Letters, Mailbox, Response
from powerstrip.adapter.mail import Mailboxes, Role
from powerstrip.edge.errors import NoAnswer, Refused
from powerstrip.edge.mail.answers import Answered, error, imap_error, told
from powerstrip.edge.mail.line import Line
from powerstrip.edge.mail.login import Login
from powerstrip.edge.mail.utf7 import decode, encode
from powerstrip.edge.transport import Flight

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LISTED = re.compile(rb'\((?P<marks>[^)]*)\) (?:"(?:\\?.)"|NIL) (?P<name>.*)', re.DOTALL)
MAX_LINE = 256 * 1024
_ROLES: tuple[Role, ...] = ("all", "archive", "drafts", "flagged", "junk", "sent", "trash")
_FACTS = {
    "uid": re.compile(rb"\bUID (\d{1,10})"),
    "at": re.compile(rb'\bINTERNALDATE "([^"]{1,40})"'),
    "size": re.compile(rb"\bRFC822\.SIZE (\d{1,12})"),
    "flags": re.compile(rb"\bFLAGS \(([^)]*)\)"),
}


class _Client(imaplib.IMAP4):
    """Python's client on a line that is there already; what it reads is counted. It overrides what its documentation names."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.heard = line.file()
        super().__init__(line.host)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.host, self.port = self.line.host, port
        self.renew()

    def renew(self) -> None:
        """Take the line as it is now: what was said before TLS is forgotten."""
        self.sock, self.heard = self.line.sock, self.line.file()

    def read(self, size: int) -> bytes:
        return self.heard.read(size)

    def readline(self) -> bytes:
        return self.heard.readline(MAX_LINE)

    def send(self, data: Any) -> None:
        self.line.sock.sendall(data)

    def shutdown(self) -> None:
        """The line's owner closes it."""

    def secure(self, context: ssl.SSLContext) -> None:
        """STARTTLS."""
        kind, _ = self._simple_command("STARTTLS")
        if kind != "OK":
            raise Refused("The mail server refused STARTTLS, so nobody signed in. Check host, port and security", "tls")
        self.line.secure(context)
        self.renew()
        self.untagged_responses: dict[str, Any] = {}
        self._get_capabilities()


def talk(line: Line, flight: Flight, context: ssl.SSLContext, login: Login) -> Response:
    """Do what the request says."""
    if flight.url.scheme == "imaps":
        line.secure(context)
    try:
        client = _Client(line)
        if flight.url.scheme == "imap":
            if "STARTTLS" not in client.capabilities:
                raise Refused(
                    "The mail server offers no STARTTLS here, so nobody signed in. Check host, port and security", "tls"
                )
            client.secure(context)
        flight.sent = True
        _sign_in(client, login)
        answer = _asked(client, flight)
    except Answered as answered:
        return answered.response
    except imaplib.IMAP4.abort:
        raise NoAnswer("The mail server broke off") from None
    except imaplib.IMAP4.error as failure:
        return imap_error(_words(failure), login=False)
    with contextlib.suppress(imaplib.IMAP4.error, OSError, Refused):
        client.logout()
    return answer


def _sign_in(client: _Client, login: Login) -> None:
    try:
        if "AUTH=PLAIN" in client.capabilities:
            proof = f"\0{login.user}\0{login.password}".encode()
            client.authenticate("PLAIN", lambda _: proof)
        elif "LOGINDISABLED" in client.capabilities or not (login.user + login.password).isascii():
            raise Answered(error(422, "The server takes no login here. Check port and security"))
        else:
            client.login(_quoted(login.user), login.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as failure:
        raise Answered(imap_error(_words(failure), login=True)) from None


def _asked(client: _Client, flight: Flight) -> Response:
    match flight.request.method:
        case "LOGIN":
            return told(Greeting(server=client.line.host, max_size=None))
        case "LIST":
            return told(Mailboxes(mailboxes=list(_mailboxes(client))))
        case _:
            return told(_letters(client, flight))


def _mailboxes(client: _Client) -> Iterator[Mailbox]:
    kind, rows = client.list()
    _expect(kind, rows)
    for row in rows:
        # a name may come as a literal, after the rest
        text = b"%s%s" % (row[0].rpartition(b"{")[0], row[1]) if isinstance(row, tuple) else row
        found = _LISTED.fullmatch(text) if text else None
        if found is None:
            continue
        marks = {mark.lower().lstrip("\\") for mark in found["marks"].decode("ascii", "replace").split()}
        if marks & {"noselect", "nonexistent"}:
            continue
        name = found["name"].decode("utf-8", "replace")
        plain = re.sub(r"\\(.)", r"\1", name[1:-1]) if name.startswith('"') and not isinstance(row, tuple) else name
        yield Mailbox(name=decode(plain), role=_role(marks))


def _role(marks: set[str]) -> Role:
    for role in _ROLES:
        if role in marks:
            return role
    return ""


def _letters(client: _Client, flight: Flight) -> Letters:
    asked = dict(flight.request.params)
    limit, cap = int(asked["limit"]), int(asked["cap"])
    kind, rows = client.select(_quoted(encode(asked["mailbox"])), readonly=True)
    _expect(kind, rows)
    validity, following = _number(client, "UIDVALIDITY"), _number(client, "UIDNEXT")
    uids = sorted(_found(client, asked))
    letters = [letter for uid in uids[:limit] for letter in _letter(client, uid, cap, flight)]
    following = following or max(_search(client, "UID", "*"), default=0) + 1  # a few servers do not say it
    return Letters(validity=validity, next_uid=following, letters=letters, more=len(uids) > limit)


def _found(client: _Client, asked: dict[str, str]) -> list[int]:
    """UIDs. A range that ends in `*` always holds the newest mail (RFC 3501, 6.4.8), which may be below its beginning."""
    first = int(asked.get("first", "0"))
    terms: list[str] = ["UID", f"{first}:*"] if first else ["UID", asked["only"]] if "only" in asked else []
    if "since" in asked:
        day = date.fromisoformat(asked["since"])
        terms += ["SINCE", f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year:04d}"]
    return [uid for uid in _search(client, *terms) if uid >= first] if terms else []


def _search(client: _Client, *terms: str) -> list[int]:
    kind, rows = client.uid("SEARCH", *terms)
    _expect(kind, rows)
    return [int(number) for row in rows if isinstance(row, bytes) for number in row.split() if number.isdigit()]


def _letter(client: _Client, uid: int, cap: int, flight: Flight) -> Iterator[Letter]:
    """One mail; none where it is gone since."""
    kind, rows = client.uid("FETCH", str(uid), f"(UID INTERNALDATE RFC822.SIZE FLAGS BODY.PEEK[]<0.{cap}>)")
    _expect(kind, rows)
    for place, row in enumerate(rows):
        if not isinstance(row, tuple):
            continue
        row = cast(tuple[bytes, bytes], row)
        after = rows[place + 1] if place + 1 < len(rows) and isinstance(rows[place + 1], bytes) else b""
        facts = {name: found[1] for name, each in _FACTS.items() if (found := each.search(row[0] + b" " + after))}
        if int(facts.get("uid", b"0")) == uid and "at" in facts:
            size, raw = int(facts.get("size", b"0")), flight.scrub.data(row[1])  # here, for in base64 it would be garbled
            flags = facts.get("flags", b"").lower()
            at = datetime.strptime(facts["at"].decode("ascii", "replace").strip(), "%d-%b-%Y %H:%M:%S %z")
            yield Letter(uid=uid, received_at=at, size=size, seen=b"\\seen" in flags, cut=size > len(row[1]), raw=raw)
            return


def _number(client: _Client, name: str) -> int:
    _, rows = client.response(name)
    first = rows[0] if rows else None
    return int(first) if isinstance(first, bytes) and first.isdigit() else 0


def _quoted(text: str) -> str:
    """As a quoted string. Raises `Refused` for what none can hold."""
    if not text.isascii() or not text.isprintable():
        raise Refused("A mail server is told printable ASCII only", "url")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _expect(kind: str, rows: Any) -> None:
    if kind != "OK":
        raise Answered(imap_error(_said(rows), login=False))


def _said(rows: Any) -> str:
    last = rows[-1] if isinstance(rows, list) and rows else rows  # pyright: ignore[reportUnknownVariableType]
    return last.decode("utf-8", "replace") if isinstance(last, bytes) else str(last or "The server said no")  # pyright: ignore[reportUnknownArgumentType]


def _words(failure: Exception) -> str:
    return _said(failure.args[0]) if failure.args else "The server said no"
