"""Where the data folder is. Apart from the other settings, so that to name it loads nothing."""

from collections.abc import Mapping
from pathlib import Path

DEFAULT_DATA = "~/.local/share/powerstrip"


def data_folder(environ: Mapping[str, str], data: Path | None = None) -> Path:
    """The folder that is meant: `data` (from `--data`), else `POWERSTRIP_DATA`, else the usual one. Absolute."""
    return (data or Path(environ.get("POWERSTRIP_DATA") or DEFAULT_DATA)).expanduser().resolve()
