"""The page of the tiers is the kit's own, and a record of a tier holds for its code alone."""

from pathlib import Path

import pytest

from powerstrip.catalog import RECORD, TierRecord, code_digest, shipped_tier
from powerstrip.kit.checking import task_of
from powerstrip.kit.judge import judge
from powerstrip.kit.package import of_project
from powerstrip.kit.requirements import REQUIREMENTS, page

ROOT = Path(__file__).parents[1]
ADAPTERS = [
    each.parent.name for each in sorted(ROOT.glob("plugins/*/pyproject.toml")) if "entry-points.powerstrip]" in each.read_text()
]


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


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_adapter_is_gold_and_says_so(name: str, tmp_path: Path) -> None:
    """Their tests run in this very suite; the record holds what the kit found of them, for exactly this code."""
    package = of_project(ROOT / "plugins" / name, tmp_path)
    record = shipped_tier([str(package.root)])
    assert record is not None, f"its code was changed: powerstrip plugin check plugins/{name} --at-least gold --write"
    assert record.tier in ("gold", "platinum")
    judged = judge(task_of(package))
    assert {rule: found for rule, found in judged["findings"].items() if found and rule not in judged["unneeded"]} == {}


def test_all_twenty_are_looked_at() -> None:
    assert {"fhir", "http", "postmark", "s3", "slack", "stripe"} < set(ADAPTERS)
    assert len(ADAPTERS) == len(list(ROOT.glob("docs/providers/*.md"))) - 1
