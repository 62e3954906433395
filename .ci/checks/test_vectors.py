"""Signature vectors of many providers, each judged by the command that adapter authors use."""

import json
from pathlib import Path

import pytest

from powerstrip.catalog import Catalog
from powerstrip.cli import main


def test_every_vector_comes_out_as_it_says(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERSTRIP_DATA", str(tmp_path))
    Catalog.load(tmp_path / "catalog")  # so that plugins are looked into once
    files = sorted(shared.glob("providers/*/webhooks.json"))
    assert files
    failed: dict[str, str] = {}
    for path in files:
        provider = json.loads(path.read_bytes())["provider"]
        code = main(["plugin", "vectors", provider, str(path)])
        said = capsys.readouterr()
        if code or not said.out.endswith(" passed, 0 failed\n"):
            failed[provider] = said.out + said.err
    assert failed == {}
