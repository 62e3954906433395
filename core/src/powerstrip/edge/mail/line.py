"""One connection to a mail server, for the thread that talks over it: its socket, its TLS, and how much may still be read."""

import contextlib
import socket
import ssl
from typing import Protocol

from powerstrip.edge.body import too_large
from powerstrip.edge.errors import Refused


class Reads(Protocol):
    """A file to read from."""

    def readline(self, limit: int = -1, /) -> bytes: ...

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


class Line:
    """`host` is the name that the server's certificate must hold. `cut` may be called from any thread."""

    def __init__(self, sock: socket.socket, host: str, cap: int) -> None:
        self.sock = sock
        self.host = host
        self._left = self._cap = cap

    def secure(self, context: ssl.SSLContext) -> None:
        """Go over to TLS. Raises `Refused` where the certificate does not hold, or the server speaks none."""
        try:
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
        except ssl.SSLError:
            raise Refused(
                "The mail server's TLS certificate does not hold for this address, or it speaks no TLS there. Check host, port "
                "and security; a private certificate authority is trusted through SSL_CERT_FILE",
                "tls",
            ) from None

    def file(self) -> "Metered":
        """What the server says, counted."""
        return Metered(self.sock.makefile("rb"), self)

    def count(self, size: int) -> None:
        """Raises `Refused` as soon as more was read than may be."""
        self._left -= size
        if self._left < 0:
            raise too_large(self._cap)

    def cut(self) -> None:
        """End it at once: whoever reads or writes fails."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    @property
    def here(self) -> str:
        """This end's address as SMTP writes it (RFC 5321, 4.1.3)."""
        address = str(self.sock.getsockname()[0])
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


class Metered:
    """A file of which only so much is read, asked for before it is there."""

    def __init__(self, file: Reads, line: Line) -> None:
        self._file = file
        self._line = line

    def readline(self, limit: int = -1) -> bytes:
        """One line, of at most `limit` bytes."""
        got = self._file.readline(limit)
        self._line.count(len(got))
        return got

    def read(self, size: int = -1) -> bytes:
        """So many bytes."""
        self._line.count(max(size, 0))
        return self._file.read(size)

    def close(self) -> None:
        """Close it."""
        self._file.close()
