"""The pictures in the documents are those of the tests. `python tui/tests/test_docs_pictures.py` copies them anew."""

import shutil
from pathlib import Path

import pytest

TAKEN = Path(__file__).with_name("__snapshots__") / "test_pictures"
SHOWN = Path(__file__).parents[2] / "docs" / "pictures"
PICTURES = {
    "action": "test_an_action_that_was_tried[120x40]",
    "integration": "test_an_integration[120x40]",
    "connect": "test_the_form_that_connects[80x24]",
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_documents_show_how_it_looks_now(name: str) -> None:
    assert (SHOWN / f"{name}.svg").read_bytes() == (TAKEN / f"{PICTURES[name]}.raw").read_bytes()


if __name__ == "__main__":
    for name, taken in PICTURES.items():
        shutil.copyfile(TAKEN / f"{taken}.raw", SHOWN / f"{name}.svg")
