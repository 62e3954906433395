"""Servers from npm, installed once into a cache folder outside the project."""

import fcntl
import functools
import os
import shutil
import subprocess
from pathlib import Path

PINNED = Path(__file__).with_name("node")
INSTALL_SECONDS = 300


class NotHere(Exception):
    """The part cannot be had on this machine; the message says why."""


def program(name: str) -> list[str]:
    """The command that runs a pinned npm program. Raises `NotHere` without Node.js, npm or a registry."""
    node, folder = _installed()
    return [node, str((folder / "node_modules" / ".bin" / name).resolve())]


def script(name: str) -> list[str]:
    """The command that runs a script of ours beside the pins; its first argument is where the packages are."""
    node, folder = _installed()
    return [node, str(PINNED / name), str(folder)]


@functools.cache
def _installed() -> tuple[str, Path]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        raise NotHere("Node.js and npm are not installed")
    folder = _cache()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs may come here at once
        if not _is_current(folder):
            _install(npm, folder)
    return node, folder


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "powerstrip-parts"


def _is_current(folder: Path) -> bool:
    done = folder / ".installed"
    return done.exists() and done.read_bytes() == (PINNED / "package.json").read_bytes()


def _install(npm: str, folder: Path) -> None:
    shutil.copy(PINNED / "package.json", folder / "package.json")
    command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        raise NotHere(f"npm did not install the test servers in {INSTALL_SECONDS} seconds") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise NotHere(f"npm could not install the test servers: {last[0]}")
    shutil.copy(folder / "package.json", folder / ".installed")
