"""The pictures in the documents are those of the tests. `python tui/tests/test_docs_pictures.py` copies them anew."""

import shutil
from pathlib import Path

import pytest

TAKEN = Path(__file__).with_name("__snapshots__") / "test_pictures"
SHOWN = Path(__file__).parents[2] / "docs" / "pictures"
PICTURES = {
    "home": "test_a_screen[home-120x40]",
    "events": "test_a_screen[events-120x40]",
    "event": "test_a_screen[event-120x40]",
    "automation": "test_a_screen[automation-120x40]",
    "runs": "test_a_screen[runs-120x40]",
    "run": "test_a_screen[run-120x40]",
    "audit": "test_a_screen[audit-120x40]",
    "secrets": "test_a_screen[secrets-120x40]",
    "access": "test_a_screen[access-120x40]",
    "endpoints": "test_a_screen[endpoints-120x40]",
    "workers": "test_a_screen[workers-120x40]",
    "hub": "test_a_screen[hub-120x40]",
    "calls": "test_a_screen[calls-120x40]",
    "call": "test_a_screen[call-120x40]",
    "chat": "test_a_screen[chat-120x40]",
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
