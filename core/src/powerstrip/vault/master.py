"""The master key: where it comes from, and what is refused."""

import base64
import binascii
import os
import secrets
import shlex
import stat
import subprocess
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from powerstrip.settings import Settings

KEY_BYTES = 32
COMMAND_SECONDS = 30
VARIABLES = ("POWERSTRIP_MASTER_KEY", "POWERSTRIP_MASTER_KEY_FILE", "POWERSTRIP_MASTER_KEY_COMMAND")
FILE_NAME = "master.key"
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


def load_master(settings: Settings, environ: MutableMapping[str, str] = os.environ) -> MasterKey:
    """The operator's master key: from the environment, a file, a command, else `master.key` in the data folder.

    Where there is none a new key is made, not yet saved. The variables are taken out of `environ`, so that no child
    process inherits them. Raises `MasterKeyError`.
    """
    given = {name: value for name in VARIABLES if (value := environ.pop(name, "").strip())}
    if len(given) > 1:
        raise MasterKeyError(f"The master key is given {len(given)} times: set only one of {', '.join(given)}")
    for name, value in given.items():
        return MasterKey(_from_source(name, value, environ))
    path = settings.data / FILE_NAME
    if path.exists():
        return MasterKey(_from_file(path))
    return MasterKey(secrets.token_bytes(KEY_BYTES), unsaved=path)


def _from_source(name: str, value: str, environ: MutableMapping[str, str]) -> bytes:
    if name == "POWERSTRIP_MASTER_KEY":
        return _decode(value, name)
    if name == "POWERSTRIP_MASTER_KEY_FILE":
        return _from_file(Path(value).expanduser())
    return _from_command(value, environ)


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


def _from_command(line: str, environ: MutableMapping[str, str]) -> bytes:
    """What the operator's command prints, run without a shell."""
    name = "POWERSTRIP_MASTER_KEY_COMMAND"
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
