"""One conversation with an SMTP server, in a thread. Sources: RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 1870 (SIZE)."""

import base64
import contextlib
import re
import smtplib
import ssl
from typing import Any

from powerstrip.adapter import Accepted, Content, Greeting, Request, Response
from powerstrip.edge.errors import Refused, Unreached
from powerstrip.edge.mail.answers import NOT_NOW, Answered, error, smtp_error, told
from powerstrip.edge.mail.line import Line, Metered
from powerstrip.edge.mail.login import Login
from powerstrip.edge.transport import Flight

_ENDS = re.compile(rb"\r\n|\r|\n")
_DOTS = re.compile(rb"^\.", re.MULTILINE)


class _Client(smtplib.SMTP):
    """Python's client on a line that is there already. It looks up no name of its own, and what it reads is counted."""

    def __init__(self, line: Line) -> None:
        super().__init__(local_hostname=line.here)
        self.line = line
        self.renew()

    def renew(self) -> None:
        """Take the line as it is now. What the server said before is forgotten: nothing said in clear counts under TLS."""
        self.sock = self.line.sock
        self.file: Metered | None = self.line.file()
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features: dict[str, Any] = {}
        self.does_esmtp = False


def talk(line: Line, flight: Flight, context: ssl.SSLContext, login: Login) -> Response:
    """Do what the request says. `flight.sent` is true from the mail's first byte until the server said no to it.

    Raises `Unreached` where the server says "not now": it took nothing, so the whole may be tried again.
    """
    if flight.url.scheme == "smtps":
        line.secure(context)
    client = _Client(line)
    try:
        _expect(client.getreply(), 220)
        _hello(client)
        if flight.url.scheme == "smtp":
            _upgrade(client, context)
        _sign_in(client, login)
        answer = _sent(client, flight) if flight.request.method == "SEND" else _greeting(client, line)
    except Answered as answered:
        answer = answered.response
    if answer.status == NOT_NOW:
        raise Unreached(answer.json()["message"])
    with contextlib.suppress(OSError, smtplib.SMTPException, Refused):
        client.docmd("QUIT")
    return answer


def _hello(client: _Client) -> None:
    code, said = client.ehlo()
    if code != 250:
        _expect(client.helo(), 250)
        raise Answered(error(422, f"The server knows no EHLO, so nobody can sign in: {code} {said.decode('utf-8', 'replace')}"))


def _upgrade(client: _Client, context: ssl.SSLContext) -> None:
    if not client.has_extn("starttls"):
        raise Refused("The mail server offers no STARTTLS here, so nothing was said to it. Check host, port and security", "tls")
    _expect(client.docmd("STARTTLS"), 220)
    client.line.secure(context)
    client.renew()
    _hello(client)


def _sign_in(client: _Client, login: Login) -> None:
    offered = client.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        proof = base64.b64encode(f"\0{login.user}\0{login.password}".encode()).decode()
        _expect(client.docmd("AUTH", f"PLAIN {proof}"), 235)
    elif "LOGIN" in offered:
        _expect(client.docmd("AUTH", "LOGIN"), 334)
        _expect(client.docmd(base64.b64encode(login.user.encode()).decode()), 334)
        _expect(client.docmd(base64.b64encode(login.password.encode()).decode()), 235)
    else:
        raise Answered(error(422, "The server takes no login here (AUTH PLAIN or LOGIN). Check port and security"))


def _greeting(client: _Client, line: Line) -> Response:
    size = client.esmtp_features.get("size", "")
    first = (client.ehlo_resp or b"").decode("utf-8", "replace").split()
    return told(Greeting(server=first[0] if first else line.host, max_size=int(size) if size.isdecimal() and int(size) else None))


def _sent(client: _Client, flight: Flight) -> Response:
    """All recipients or none: one that is refused ends it before the mail is sent."""
    data = _wire(flight.request)
    _check_size(client, len(data))
    if not data.isascii() and not client.has_extn("8bitmime"):
        raise Answered(error(422, "The server takes ASCII alone, and the mail holds other bytes"))
    size = f" SIZE={len(data)}" if client.has_extn("size") else ""
    body = "" if data.isascii() else " BODY=8BITMIME"
    sender, *recipients = _envelope(flight.request)
    _expect(client.docmd("MAIL", f"FROM:<{sender}>{size}{body}"), 250)
    for recipient in recipients:
        _expect(client.docmd("RCPT", f"TO:<{recipient}>"), 250, 251, about=f"Nothing was sent, for {recipient} was refused: ")
    _expect(client.docmd("DATA"), 354)
    flight.sent = True
    client.send(data + b".\r\n")
    code, said = client.getreply()
    if code != 250:
        flight.sent = False  # a clear no: it was not taken
        raise Answered(smtp_error(code, said))
    return told(Accepted(message=said.decode("utf-8", "replace")[:500]))


def _check_size(client: _Client, size: int) -> None:
    most = client.esmtp_features.get("size", "")
    if most.isdecimal() and 0 < int(most) < size:
        raise Answered(error(422, f"The mail has {size} bytes as it is sent, and the server takes {most}"))


def _envelope(request: Request) -> list[str]:
    """The sender and the recipients."""
    senders = [value for name, value in request.headers if name == "MAIL-FROM"]
    recipients = [value for name, value in request.headers if name == "RCPT-TO"]
    if len(senders) != 1 or not recipients or any(mark in each for each in (*senders, *recipients) for mark in "<> "):
        raise Refused("A mail has one sender, and recipients, each a bare address", "header")
    return [*senders, *recipients]


def _wire(request: Request) -> bytes:
    """The mail with whole line ends, and a dot before each that begins a line (RFC 5321, 2.3.8 and 4.5.2)."""
    raw = request.body.read() if isinstance(request.body, Content) else request.body
    data = _DOTS.sub(b"..", _ENDS.sub(b"\r\n", raw))
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def _expect(reply: tuple[int, bytes], *codes: int, about: str = "") -> None:
    code, said = reply
    if code not in codes:
        raise Answered(smtp_error(code, said, about))
