"""Events as they are shown: without what looks like a secret."""

import re
from collections.abc import Mapping
from typing import Any, cast

from powerstrip.vault import find_secrets

HIDDEN = "[redacted]"
SUMMARY_FIELDS, SUMMARY_TEXT = 8, 80

_NAMES = re.compile(
    r"(?:^|[_\-.])(?:password|passwd|secret|token|authorization|cookie|api_?key|private_?key|access_?key|signature|credential)s?$",
    re.IGNORECASE,
)
_HARMLESS = frozenset({"next_page_token", "page_token", "continuation_token"})


def redacted(value: Any, name: str = "") -> Any:
    """The same value with secrets hidden: by the name of their field, or by their shape."""
    if isinstance(value, dict):
        return {str(key): redacted(each, str(key)) for key, each in cast(dict[Any, Any], value).items()}
    if isinstance(value, list):
        return [redacted(each, name) for each in cast(list[Any], value)]
    if value is not None and not isinstance(value, bool) and _NAMES.search(name) and name not in _HARMLESS:
        return HIDDEN
    return HIDDEN if isinstance(value, str) and find_secrets(value) else value


def summary(data: Mapping[str, Any]) -> dict[str, Any]:
    """The first plain fields, short: to recognise an event in a list."""
    plain = [(key, each) for key, each in data.items() if isinstance(each, str | int | float | bool)][:SUMMARY_FIELDS]
    return {key: _short(redacted(each, key)) for key, each in plain}


def _short(value: Any) -> Any:
    return value[: SUMMARY_TEXT - 1] + "…" if isinstance(value, str) and len(value) > SUMMARY_TEXT else value
