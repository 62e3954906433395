"""One hub per data folder."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another hub holds the folder."""


@contextmanager
def hold_folder(folder: Path) -> Generator[None]:
    """Hold `folder` for this process; it is made with mode 0700 where it is missing. Raises `AlreadyRunning`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "hub.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(
                f"A hub is already running on {folder}. Talk to it with POWERSTRIP_URL and POWERSTRIP_API_KEY, or stop it first"
            ) from None
        yield
    finally:
        os.close(descriptor)
