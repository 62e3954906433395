"""Where one was: the screen, the project and the theme, in a small file of the person's own."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from platformdirs import user_state_path


class Remembered:
    """What the dashboard remembers of each hub from one time to the next. A file that cannot be read is as good as none.

    Nothing secret is in it. Where it cannot be written, nothing is remembered, and that stops nobody.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or user_state_path("powerstrip") / "dashboard.json"
        self._all = self._read()

    def of(self, hub: str) -> dict[str, str]:
        """What is remembered of a hub."""
        return {**self._texts("everywhere"), **self._texts(hub)}

    def keep(self, hub: str, **values: str) -> None:
        """Remember these of a hub; the theme is remembered for all."""
        theme = values.pop("theme", "")
        self._all[hub] = {**self._texts(hub), **values}
        if theme:
            self._all["everywhere"] = {"theme": theme}
        with contextlib.suppress(OSError):  # a home that cannot be written: then nothing is remembered
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside = self._file.with_suffix(".new")
            beside.write_text(json.dumps(self._all, indent=1), encoding="utf-8")
            beside.replace(self._file)

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return cast(dict[str, Any], found) if isinstance(found, dict) else {}

    def _texts(self, name: str) -> dict[str, str]:
        found = self._all.get(name)
        if not isinstance(found, Mapping):
            return {}
        entries = cast(Mapping[str, Any], found).items()
        return {key: value for key, value in entries if isinstance(value, str)}
