"""Custom HTTP against published descriptions: each operation is imported, and makes a usable action."""

import json
from pathlib import Path
from typing import Any

import pytest

from powerstrip.adapter.mock import mock
from powerstrip.adapter.schemas import compile_schema, input_schema, output_schema, picks
from powerstrip_http.importing import read
from powerstrip_http.making import make

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def descriptions(shared: Path) -> list[Path]:
    """All OpenAPI documents."""
    return sorted((shared / "providers").glob("*/openapi*.json"))


def count(document: dict[str, Any]) -> int:
    """Operations in a document, counted apart from the importer."""
    return sum(method in item for item in document["paths"].values() for method in METHODS)


def test_every_description_is_imported(shared: Path) -> None:
    found = descriptions(shared)
    assert found
    for path in found:
        document = json.loads(path.read_bytes())
        imported = read(document)
        name = f"{path.parent.name}/{path.name}"
        assert imported.operations == count(document), name
        assert imported.imported == imported.operations, f"{name}: {imported.refused}"
        assert len(imported.definition["operations"]) == imported.imported, name
        assert imported.config["base_url"].startswith("https://"), name


def test_what_is_imported_makes_actions_with_schemas_mocks_and_pickers(shared: Path) -> None:
    for path in descriptions(shared):
        definition = json.loads(json.dumps(read(json.loads(path.read_bytes())).definition))
        parts = make("own", definition)
        for name, action in parts.actions.items():
            taken = input_schema(action.input)
            compile_schema(taken)
            compile_schema(output_schema(action.output))
            assert {picker for _, picker in picks(taken)} <= set(parts.pickers), name
            mock(action.output, name)


@pytest.mark.parametrize("name", ["slack", "stripe"])
def test_the_odd_ones_are_told(shared: Path, name: str) -> None:
    imported = read(json.loads((shared / "providers" / name / "openapi.json").read_bytes()))
    told = " ".join(imported.warnings)
    assert ("A list stands where one schema belongs" in told) is (name == "slack")
    assert imported.sign_in
