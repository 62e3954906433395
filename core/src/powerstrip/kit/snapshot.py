"""A test that keeps an adapter's promises: its contract is kept in a file, and a change that breaks who relies on it fails.

test_nothing_breaks = unchanged(adapter, Path(__file__).with_name("schemas.json"))
"""

import os
from collections.abc import Callable
from pathlib import Path

from powerstrip.adapter import Adapter
from powerstrip.catalog import Change, ProviderManifest, describe, differences

UPDATE = "POWERSTRIP_UPDATE_SNAPSHOT"
"""Set to 1 to keep the contract as it is now."""


def unchanged(adapter: Adapter, file: Path) -> Callable[[], None]:
    """A pytest test. It writes the file where there is none; it fails for whatever differs until that is kept too."""
    import pytest

    def test_nothing_breaks() -> None:
        if os.environ.get(UPDATE) == "1" or not file.exists():
            keep(adapter, file)
            return
        if found := changes(adapter, file):
            lines = [f"- {each.kind}: {each.where}: {each.what}" for each in found]
            hint = f"Where that is meant, keep it with {UPDATE}=1; what breaks needs a new id or a new major version."
            pytest.fail("\n".join([f"{adapter.title} is not what {file.name} promises.", *lines, hint]), pytrace=False)

    return test_nothing_breaks


def keep(adapter: Adapter, file: Path) -> None:
    """Write the contract down."""
    file.write_text(describe(adapter).model_dump_json(indent=1, exclude_defaults=True) + "\n")


def changes(adapter: Adapter, file: Path) -> list[Change]:
    """What differs from what was kept."""
    return differences(ProviderManifest.model_validate_json(file.read_bytes()), describe(adapter))
