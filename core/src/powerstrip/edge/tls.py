"""Client certificates for the TLS handshake (mTLS). Certificates of servers are always verified."""

import hashlib
import os
import ssl
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeAlias

from powerstrip.adapter import AuthFailed

MAX_CONTEXTS = 64
Tls: TypeAlias = Callable[[], ssl.SSLContext]
"""Makes a context that verifies servers."""


class ClientCertificates:
    """TLS contexts by client certificate, the last few kept: a context is slow to make, and connections are pooled by it."""

    def __init__(self, make: Tls) -> None:
        self._make = make
        self._contexts: OrderedDict[bytes, ssl.SSLContext] = OrderedDict()

    def context(self, certificate: str, private_key: str) -> ssl.SSLContext:
        """A context that presents this certificate (both PEM). Raises `AuthFailed` when the two do not fit."""
        pem = f"{certificate.strip()}\n{private_key.strip()}\n".encode()
        name = hashlib.sha256(pem).digest()
        if name in self._contexts:
            self._contexts.move_to_end(name)
            return self._contexts[name]
        made = self._contexts[name] = self._load(pem)
        if len(self._contexts) > MAX_CONTEXTS:
            self._contexts.popitem(last=False)
        return made

    def _load(self, pem: bytes) -> ssl.SSLContext:
        made = self._make()
        try:
            with _as_file(pem) as path:
                made.load_cert_chain(path, password=lambda: "")  # an encrypted key fails; without this OpenSSL asks the terminal
        except (ssl.SSLError, ValueError):
            raise AuthFailed("The client certificate and its key do not fit together. Enter both again as PEM") from None
        return made


@contextmanager
def _as_file(pem: bytes) -> Generator[str]:
    """A path to read the key from: OpenSSL loads from files only. In memory where the system can, else 0600 and gone at once."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").exists():
        handle = os.memfd_create("client", os.MFD_CLOEXEC)
        try:
            os.write(handle, pem)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
        return
    with NamedTemporaryFile() as file:
        file.write(pem)
        file.flush()
        yield file.name
