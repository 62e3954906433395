"""The master key: where it comes from, and what is refused."""

import base64
import binascii
import os
import secrets
import shlex
import stat
import subprocess
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from powerstrip.adapter.backend import BackendFailed
from powerstrip.settings import Settings
from powerstrip.vault.backends import Backends

KEY_BYTES = 32
COMMAND_SECONDS = 30
CURRENT, NEXT = "POWERSTRIP_MASTER_KEY", "POWERSTRIP_NEXT_MASTER_KEY"
"""The variables that name the key, and the one to take its place while it rotates."""
WAYS = ("", "_FILE", "_COMMAND", "_FROM")
VARIABLES = tuple(CURRENT + way for way in WAYS)
FILE_NAME, NEXT_FILE_NAME = "master.key", "master.key.next"
MAX_FILE = 4096


class MasterKeyError(Exception):
    """The hub cannot start with this master key, or without one; the message says what to do."""


class MasterKey:
    """The key above all keys. It gives derived keys and never itself.

    `id` is a fingerprint that may be shown. `unsaved` names the file a new key is still to be written to: the vault does so
    once it knows that the database holds nothing sealed by another.
    """

    __slots__ = ("_take", "id", "unsaved")

    def __init__(self, material: bytes, unsaved: Path | None = None) -> None:
        if len(material) != KEY_BYTES:
            raise MasterKeyError(f"A master key has {KEY_BYTES} bytes")
        self._take = lambda: material
        self.id = self.derive("id")[:8].hex()
        self.unsaved = unsaved

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, by HKDF-SHA256 (RFC 5869). They tell nothing of the key or of other purposes."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"powerstrip/{purpose}".encode()).derive(self._take())

    def as_root(self) -> bytes:
        """What earlier hubs derived their keys from: becomes the root of derivation of a database that has none."""
        return self._take()

    def save(self) -> None:
        """Write a new key to its file, durably and readable by its owner alone. Nothing happens with one that was read."""
        if self.unsaved is not None:
            _create_file(self.unsaved, base64.b64encode(self._take()) + b"\n")
            self.unsaved = None

    def __repr__(self) -> str:
        return f"MasterKey({self.id})"

    def __copy__(self) -> "MasterKey":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "MasterKey":
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a MasterKey cannot be pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a MasterKey has no state to give")


@dataclass
class Masters:
    """The master key in use, the one to take its place if there is one, and where they are kept.

    `folder` is the data folder where the key's file is the hub's own to replace; None where the operator keeps the key.
    """

    current: MasterKey
    next: MasterKey | None = None
    folder: Path | None = None
    source: str = FILE_NAME

    def make_next(self) -> MasterKey:
        """The next key: as it was given, else a new one in a file beside the present one. Raises `MasterKeyError`."""
        if self.next is None:
            if self.folder is None:
                raise MasterKeyError(
                    f"The master key comes from {self.source}: name the new one by {NEXT}_FILE, _COMMAND or _FROM and start"
                    " the hub again"
                )
            new = MasterKey(secrets.token_bytes(KEY_BYTES), unsaved=self.folder / NEXT_FILE_NAME)
            new.save()
            self.next = new
        return self.next

    def promote(self, id: str) -> None:
        """Let the next key take the place of the present one, which is gone then. Raises `MasterKeyError`."""
        if self.current.id != id:
            if self.folder is None or self.next is None or self.next.id != id:
                raise MasterKeyError(f"Give the new key as the master key first ({CURRENT}… instead of {NEXT}…), and start again")
            if (self.folder / NEXT_FILE_NAME).exists():
                (self.folder / NEXT_FILE_NAME).replace(self.folder / FILE_NAME)
                _sync_folder(self.folder)
            self.current = self.next
        self.next = None

    def discard_next(self) -> None:
        """Let go of the next key, and remove its file where it is the hub's own."""
        if self.folder is not None:
            (self.folder / NEXT_FILE_NAME).unlink(missing_ok=True)
            _sync_folder(self.folder)
        self.next = None


def load_masters(settings: Settings, environ: MutableMapping[str, str] = os.environ, backends: Backends | None = None) -> Masters:
    """The operator's master key, and the next one where a rotation is on. Raises `MasterKeyError`."""
    given = next((name for name in VARIABLES if environ.get(name, "").strip()), "")
    current = load_master(settings, environ, backends)
    following = _given(NEXT, environ, backends)
    beside = settings.data / NEXT_FILE_NAME
    if following is None and not given and beside.exists():
        following = _from_file(beside)
    next_key = None if following is None else MasterKey(following)
    return Masters(current, next_key, None if given else settings.data, given or FILE_NAME)


def load_master(
    settings: Settings, environ: MutableMapping[str, str] = os.environ, backends: Backends | None = None
) -> MasterKey:
    """The operator's master key: from the environment, a file, a command, a back end, else `master.key` in the data folder.

    Where there is none a new key is made, not yet saved. The variables are taken out of `environ`, so that no child
    process inherits them. Raises `MasterKeyError`.
    """
    given = _given(CURRENT, environ, backends)
    if given is not None:
        return MasterKey(given)
    path = settings.data / FILE_NAME
    if path.exists():
        return MasterKey(_from_file(path))
    return MasterKey(secrets.token_bytes(KEY_BYTES), unsaved=path)


def _given(prefix: str, environ: MutableMapping[str, str], backends: Backends | None) -> bytes | None:
    """The key that the operator's variables name; None where they name none."""
    names = [prefix + way for way in WAYS]
    given = {name: value for name in names if (value := environ.pop(name, "").strip())}
    if len(given) > 1:
        raise MasterKeyError(f"The master key is given {len(given)} times: set only one of {', '.join(given)}")
    for name, value in given.items():
        return _from_source(name, name.removeprefix(prefix), value, environ, backends)
    return None


def _from_source(name: str, way: str, value: str, environ: MutableMapping[str, str], backends: Backends | None) -> bytes:
    if way == "":
        return _decode(value, name)
    if way == "_FILE":
        return _from_file(Path(value).expanduser())
    if way == "_COMMAND":
        return _from_command(name, value, environ)
    return _from_backend(name, value, backends)


def _from_backend(name: str, reference: str, backends: Backends | None) -> bytes:
    if backends is None:
        raise MasterKeyError(f"{name} names a back end, and this program has no way to one")
    try:
        material = backends.master_key(reference)
    except BackendFailed as error:
        raise MasterKeyError(f"{name}: {error}") from None
    if len(material) != KEY_BYTES:
        raise MasterKeyError(f"{name}: what the back end gave is no master key of {KEY_BYTES} bytes")
    return material


def _from_file(path: Path) -> bytes:
    """The key in a file that nobody else may read."""
    try:
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            content = file.read(MAX_FILE)
    except OSError as error:
        raise MasterKeyError(f"The master key's file {path} cannot be read: {error.strerror}") from None
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise MasterKeyError(f"Others may read the master key: run `chmod 600 {path}`")
    if facts.st_uid not in (os.geteuid(), 0):
        raise MasterKeyError(f"The master key's file {path} belongs to another user: run `chown` on it")
    return _decode(content.decode("ascii", "replace"), str(path))


def _from_command(name: str, line: str, environ: MutableMapping[str, str]) -> bytes:
    """What the operator's command prints, run without a shell."""
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, split into words and given to no shell
            shlex.split(line),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            env=dict(environ),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise MasterKeyError(f"{name} did not end within {COMMAND_SECONDS} seconds") from None
    except (OSError, ValueError) as error:
        raise MasterKeyError(f"{name} cannot be run ({type(error).__name__}): check its spelling") from None
    if done.returncode != 0:
        raise MasterKeyError(f"{name} ended with code {done.returncode}: run it by hand to see why")
    return _decode(done.stdout.decode("ascii", "replace"), f"The output of {name}")


def _decode(text: str, source: str) -> bytes:
    try:
        material = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        material = b""
    if len(material) != KEY_BYTES:
        raise MasterKeyError(
            f"{source} is not a master key: give {KEY_BYTES} bytes in base64, as `openssl rand -base64 32` makes them"
        )
    return material


def _create_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        _sync_folder(path.parent)
    except OSError as error:
        raise MasterKeyError(f"The new master key cannot be kept in {path}: {error.strerror}") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
