"""The catalog on disk: one compact index that is read at start, and one body for each provider that is read when needed."""

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pydantic

import powerstrip
from powerstrip.catalog.discover import Found, Place, stamp_of
from powerstrip.catalog.manifest import ProviderManifest, ProviderSummary, Value

FORMAT = 2
_INDEX = "index.json"
_BODIES = "bodies"


class Row(Value):
    """One plugin as it was when it was last looked into. `body` is a file's name, empty for a refused one."""

    found: Found
    roots: tuple[str, ...]
    stamp: str
    at: float
    """Unix seconds."""
    claimed: str = ""
    """The id it claims, in the form that tells doubles."""
    reason: str = ""
    summary: ProviderSummary | None = None
    body: str = ""


class Index(Value):
    """Everything known. It holds for one hub and Python, and its list of plugins for the `places` as they were."""

    format: int = FORMAT
    hub: str = ""
    places: tuple[Place, ...] = ()
    found: tuple[Found, ...] = ()
    rows: tuple[Row, ...] = ()


def hub_stamp() -> str:
    """What a description depends on beside the plugin: the hub's version and its contract's own files, pydantic, the Python."""
    own = Path(__file__).parent
    files = stamp_of([str(own.parent / "adapter"), str(own)])
    return f"{powerstrip.__version__} {files} {pydantic.VERSION} {sys.version} {sys.prefix}"


def read_index(folder: Path) -> Index:
    """The index as it was kept; an empty one where there is none, or none that this hub can use."""
    try:
        index = Index.model_validate_json((folder / _INDEX).read_bytes())
    except (OSError, ValueError):
        return Index()
    return index if index.format == FORMAT else Index()


def write_index(folder: Path, index: Index) -> None:
    """Keep the index, and drop the bodies that it does not name."""
    _replace(folder / _INDEX, index.model_dump_json(exclude_defaults=True).encode())
    named = {row.body for row in index.rows}
    for path in (folder / _BODIES).glob("*.json"):
        if path.name not in named:
            with suppress(OSError):
                path.unlink()


def write_body(folder: Path, provider: str, body: str) -> str:
    """Keep a provider's manifest; gives the file's name, which differs when the content does."""
    data = body.encode()
    name = f"{provider}-{hashlib.blake2b(data, digest_size=8).hexdigest()}.json"
    _replace(folder / _BODIES / name, data)
    return name


def read_body(folder: Path, name: str) -> ProviderManifest | None:
    """A provider's manifest; None where its file is gone or spoiled."""
    try:
        return ProviderManifest.model_validate_json((folder / _BODIES / name).read_bytes())
    except (OSError, ValueError):
        return None


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, so that another process never reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(draft, path)
