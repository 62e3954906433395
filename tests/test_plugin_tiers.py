"""The page of the tiers is the kit's own, and a record of a tier holds for its code alone."""

from pathlib import Path

import pytest

from powerstrip.catalog import RECORD, TierRecord, code_digest, shipped_tier
from powerstrip.kit.checking import check
from powerstrip.kit.package import of_project
from powerstrip.kit.requirements import REQUIREMENTS, page

ROOT = Path(__file__).parents[1]
EXAMPLES = ("fhir", "http", "postmark", "s3", "slack", "stripe")
"""The adapters that show what a good one is."""


def test_the_page_says_what_the_kit_asks() -> None:
    assert (ROOT / "docs/adapters/tiers.md").read_text() == page()
    assert len({each.id for each in REQUIREMENTS}) == len(REQUIREMENTS)


def test_a_record_holds_until_the_code_changes(tmp_path: Path) -> None:
    code = tmp_path / "__init__.py"
    code.write_text("one = 1\n")
    record = TierRecord(tier="gold", computed_at="2026-11-22T23:00:00+00:00", digest=code_digest(tmp_path), kit="0.1.0")
    (tmp_path / RECORD).write_text(record.model_dump_json())
    assert shipped_tier([str(tmp_path)]) == record
    code.write_text("one = 2\n")
    assert shipped_tier([str(tmp_path)]) is None


def test_a_spoiled_record_is_none(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text('{"tier": "diamond"}')
    assert shipped_tier([str(tmp_path), str(tmp_path / "missing")]) is None


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_gold_and_say_so(name: str, tmp_path: Path) -> None:
    """Their tests run in this very suite; the record holds what the kit found of them, for exactly this code."""
    package = of_project(ROOT / "plugins" / name, tmp_path)
    record = shipped_tier([str(package.root)])
    assert record is not None, f"its code was changed: powerstrip plugin check plugins/{name} --at-least gold --write"
    assert record.tier in ("gold", "platinum")
    report = check(package, quick=True)
    missing = [each for tier in ("bronze", "silver", "gold") for each in report.missing(tier)]
    assert {each.requirement.id for each in missing} == {"tests", "tried"}, missing
