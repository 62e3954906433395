"""A pytest plugin that sees what an adapter's tests show. `powerstrip plugin check` runs the tests with it.

It notes which of the adapter's functions were called by tests that are not the contract's own suite, how the tests ended, and
how those ended that are marked `@pytest.mark.shows("…")`.
"""

import json
import sys
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from powerstrip.adapter.testing import suite
from powerstrip.catalog import load_adapter
from powerstrip.kit.judge import functions_of


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the adapter is and where the notes go."""
    group = parser.getgroup("powerstrip")
    group.addoption("--powerstrip-adapter", required=True, help="module:attribute")
    group.addoption("--powerstrip-evidence", required=True, help="the file to write")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch."""
    config.addinivalue_line("markers", "shows(what): evidence that `powerstrip plugin check` counts")
    value = str(config.getoption("--powerstrip-adapter"))
    config.pluginmanager.register(Watch(value, Path(str(config.getoption("--powerstrip-evidence")))))


class Watch:
    """What is seen of one run."""

    def __init__(self, value: str, file: Path) -> None:
        functions = functions_of(load_adapter("", value))
        self._parts = {function.__code__: name for name, function in functions.items()}
        self._file = file
        self._own = False
        self._called: set[str] = set()
        self._ended: dict[str, int] = {"passed": 0, "failed": 0, "skipped": 0}
        self._shows: dict[str, dict[str, int]] = {}

    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Watch calls, but not those of the contract's suite."""
        test: Any = getattr(item, "function", None)
        sys.setprofile(None if getattr(test, "__module__", "") == suite.__name__ else self._see)

    def pytest_runtest_teardown(self) -> None:
        """Watch no longer."""
        sys.setprofile(None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Count how a test ended, for what it is marked to show too."""
        report = yield
        if report.when == "call" or report.outcome != "passed":
            self._count(item, report)
        return report

    def _count(self, item: pytest.Item, report: pytest.TestReport) -> None:
        self._ended[report.outcome] += 1
        for mark in item.iter_markers("shows"):
            counts = self._shows.setdefault(str(mark.args[0]), {"passed": 0, "failed": 0, "skipped": 0})
            counts[report.outcome] += 1

    def pytest_sessionfinish(self) -> None:
        """Write it down."""
        seen = {"ended": self._ended, "called": sorted(self._called), "shows": self._shows}
        self._file.write_text(json.dumps(seen))

    def _see(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in self._parts:
            self._called.add(self._parts[frame.f_code])
