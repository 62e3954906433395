"""The adapter against the whole contract, and against what earlier versions promised."""

from pathlib import Path

from powerstrip_acme_notes import adapter

from powerstrip.adapter.testing import check
from powerstrip.kit.snapshot import unchanged

test_contract = check(adapter)
test_nothing_breaks = unchanged(adapter, Path(__file__).with_name("schemas.json"))
