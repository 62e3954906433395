"""Importing an adapter only registers: seen from outside, in a Python of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

from powerstrip.adapter.adapter import Adapter

_LIMIT = 60.0
"""Seconds for the import."""
_HEAVY = (
    "aiohttp", "django", "fastapi", "flask", "granian", "httpcore", "httpx", "httpx2", "litestar", "psycopg", "requests",
    "rich", "sqlalchemy", "sqlite3", "sqlmodel", "starlette", "textual", "urllib3", "uvicorn",
)  # fmt: skip
"""What an adapter does not load: web frameworks, databases, terminal programs and HTTP clients of its own."""

_WATCH = """
import json, os, sys
task = json.loads(sys.argv[1])
sys.path[:] = task["path"]
import powerstrip.adapter
before, opened = set(sys.modules), []
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC

def watch(event, details):
    if event == "open" and details[2] and details[2] & WRITING:
        opened.append(f"opens {details[0]} for writing")
    elif event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn")):
        opened.append(f"calls {event}")

sys.addaudithook(watch)
for name in task["modules"]:
    __import__(name)
opened = list(opened)
new = set(sys.modules) - before
loaded = {name.split(".")[0] for name in new}
rooms = {name for name in new if name.startswith("powerstrip.") and not name.startswith("powerstrip.adapter")}
print(json.dumps({"opened": opened, "loaded": sorted(loaded), "rooms": sorted(rooms)}))
"""


def importing_opens_nothing(adapter: Adapter) -> Iterator[str]:
    """No connection, no file to write, no program, and none of the libraries that belong to the hub."""
    modules = _modules(adapter)
    if missing := [name for name in modules if not _importable(name)]:
        yield f"{missing[0]} cannot be imported by its name: put the adapter into a package of its own"
        return
    task = json.dumps({"path": sys.path, "modules": modules})
    command = [sys.executable, "-B", "-c", _WATCH, task]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT, check=False, env=dict(os.environ))  # noqa: S603
    if done.returncode:
        yield f"importing {', '.join(modules)} fails: {done.stderr.strip().splitlines()[-1:]}"
        return
    seen = json.loads(done.stdout.splitlines()[-1])
    yield from (f"importing it {what}: register at import, act when called" for what in seen["opened"])
    yield from (f"importing it loads {name}: leave that to the hub" for name in seen["loaded"] if name in _HEAVY)
    yield from (f"importing it loads {name}: an adapter knows powerstrip.adapter alone" for name in seen["rooms"])


def _modules(adapter: Adapter) -> list[str]:
    """Where the adapter's functions and models were written."""
    written = [action.run.__module__ for action in adapter.actions.values()]
    written += [event.model.__module__ for event in adapter.events.values()]
    written += [picker.pages.__module__ for picker in adapter.pickers.values()]
    return sorted(set(written))


def _importable(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
