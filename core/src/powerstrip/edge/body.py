"""Answers read to a limit: wire and decoded bytes are counted while they come, so that neither a flood nor a bomb is held."""

import asyncio
import secrets
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from io import BufferedWriter
from pathlib import Path
from typing import ParamSpec, TypeAlias, TypeVar

from powerstrip.adapter import Content
from powerstrip.edge.errors import NoAnswer, Refused

P = ParamSpec("P")
T = TypeVar("T")

Read: TypeAlias = Callable[[], Awaitable[bytes]]
"""Gives the next bytes from the wire, none at the end."""

PIECE = 256 * 1024
IN_MEMORY = 1024 * 1024
"""A streamed answer up to this many bytes is not written to disk."""
_GZIP = b"\x1f\x8b"
_CODINGS = {"": 0, "identity": 0, "gzip": 31, "x-gzip": 31, "deflate": 15}
"""Content coding → zlib's window bits, 0 for plain bytes (RFC 9110, 8.4.1)."""


class Decoder:
    """Undoes one content coding, a piece at a time; none where `coding` is empty. Raises `Refused` for one not asked for.

    `first` is the first chunk: it tells apart the two forms in which servers send "deflate".
    """

    def __init__(self, coding: str, first: bytes) -> None:
        name = coding.strip().lower()
        if name not in _CODINGS:
            raise Refused("The provider answered in an encoding that was not asked for", "size")
        bare = name == "deflate" and first[0] & 0x0F != 8
        self._bits = -15 if bare else _CODINGS[name]
        self._inflate = zlib.decompressobj(self._bits) if self._bits else None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What these wire bytes decode to, at most 256 KiB at a time."""
        if self._inflate is None:
            yield data
            return
        while data:
            piece, data = self._step(data)
            yield piece

    def finish(self) -> None:
        """Raise `NoAnswer` when the coded data ended before its end."""
        if self._inflate is not None and not self._inflate.eof:
            raise NoAnswer("The provider's answer ended before its end")

    def _step(self, data: bytes) -> tuple[bytes, bytes]:
        assert self._inflate is not None
        if self._inflate.eof:
            if self._bits != 31 or not data.startswith(_GZIP):
                return b"", b""  # what follows the end is no part of the answer
            self._inflate = zlib.decompressobj(self._bits)  # a further gzip member (RFC 1952, 2.2)
        try:
            piece = self._inflate.decompress(data, PIECE)
        except zlib.error:
            raise NoAnswer("The provider's answer cannot be decoded") from None
        return piece, self._inflate.unconsumed_tail or self._inflate.unused_data


async def decoded(read: Read, coding: str, cap: int) -> AsyncIterator[bytes]:
    """The answer's bytes. Raises `Refused` as soon as the wire or the decoded bytes pass `cap`."""
    decoder: Decoder | None = None
    wire = plain = 0
    while chunk := await read():
        wire += len(chunk)
        decoder = decoder or Decoder(coding, chunk)
        for piece in decoder.pieces(chunk):
            plain += len(piece)
            if max(wire, plain) > cap:
                raise too_large(cap)
            yield piece
    if decoder is not None:
        decoder.finish()


async def buffered(read: Read, coding: str, cap: int) -> bytes:
    """The whole answer in memory, within the same limits."""
    if coding:
        return b"".join([piece async for piece in decoded(read, coding, cap)])
    chunks: list[bytes] = []
    size = 0
    while chunk := await read():
        chunks.append(chunk)
        size += len(chunk)
        if size > cap:
            raise too_large(cap)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def too_large(cap: int) -> Refused:
    """The answer is larger than may be taken."""
    size = f"{cap // 1024 // 1024} MB" if cap >= 1024 * 1024 else f"{cap} bytes"
    return Refused(f"The provider's answer is larger than {size}. Ask for less, or download it as a file", "size")


async def spool(pieces: AsyncIterator[bytes], folder: Path, media_type: str | None) -> Content:
    """The pieces as content: in memory while small, else in a new file of `folder` that only its owner reads.

    The file is removed again when anything fails.
    """
    held = bytearray()
    file: BufferedWriter | None = None
    path = folder / f"{secrets.token_hex(16)}.part"
    try:
        async for piece in pieces:
            held += piece
            if len(held) >= IN_MEMORY:
                file = file or await _on_disk(_create, path)
                await _on_disk(file.write, held)
                held = bytearray()
        if file is None:
            return Content(bytes(held), media_type=media_type)
        await _on_disk(_end, file, held)
        return Content(path=path, media_type=media_type)
    except BaseException:
        if file is not None:
            file.close()
            path.unlink(missing_ok=True)
        raise


async def _on_disk(work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Work with the file in a thread. A full disk is our trouble, not the provider's."""
    try:
        return await asyncio.to_thread(work, *args, **named)
    except OSError:
        raise Refused("The answer could not be kept on disk. Ask the operator to look at the data folder", "size") from None


def _create(path: Path) -> BufferedWriter:
    path.touch(mode=0o600, exist_ok=False)
    return path.open("wb")


def _end(file: BufferedWriter, rest: bytearray) -> None:
    with file:
        file.write(rest)
