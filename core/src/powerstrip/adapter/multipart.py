"""Bodies in parts, as forms with files have them. Source: RFC 7578; names are escaped as the HTML standard has it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from powerstrip.adapter.content import Content
from powerstrip.adapter.errors import Rejected

MAX_MULTIPART = 32 * 1024 * 1024
"""Bytes of a whole body, which is put together in memory."""
_ESCAPED = str.maketrans({"\r": "%0D", "\n": "%0A", '"': "%22"})


@dataclass(frozen=True)
class Part:
    """One field of a form. A file has a `filename`; `media_type` is left out where it is plain text."""

    name: str
    value: str | bytes | Content
    filename: str = ""
    media_type: str = ""

    @property
    def size(self) -> int:
        """Bytes of its value."""
        value = self.value
        return value.size if isinstance(value, Content) else len(value.encode() if isinstance(value, str) else value)

    def data(self) -> bytes:
        """The part as it is sent."""
        value = self.value.read() if isinstance(self.value, Content) else self.value
        head = f'Content-Disposition: form-data; name="{self.name.translate(_ESCAPED)}"'
        head += f'; filename="{self.filename.translate(_ESCAPED)}"' if self.filename else ""
        head += f"\r\nContent-Type: {_one_line(self.media_type)}" if self.media_type else ""
        return f"{head}\r\n\r\n".encode() + (value.encode() if isinstance(value, str) else value) + b"\r\n"


def multipart(parts: Iterable[Part]) -> tuple[bytes, str]:
    """A form's body and its content type: `content=body, headers={"Content-Type": kind}`.

    The same parts make the same body: the boundary is a digest of them, which none of them can hold. Raises `Rejected` where it
    would be larger than 32 MB. Files are read: call it in a thread where they may be large.
    """
    listed = list(parts)
    if sum(part.size for part in listed) > MAX_MULTIPART:
        raise Rejected(f"A form with files holds at most {MAX_MULTIPART // 1024 // 1024} MB")
    written = [part.data() for part in listed]
    digest = hashlib.sha256()
    for each in written:
        digest.update(each)
    mark = f"powerstrip-{digest.hexdigest()[:40]}"
    before = f"--{mark}\r\n".encode()
    body = b"".join(piece for each in written for piece in (before, each)) + f"--{mark}--\r\n".encode()
    return body, f"multipart/form-data; boundary={mark}"


def _one_line(text: str) -> str:
    """A media type that stays within its line."""
    if not text.isascii() or not text.isprintable():
        raise Rejected("A file's media type is one line of ASCII, such as image/png")
    return text
