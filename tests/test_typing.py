"""What the adapter contract promises to a type checker."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "typing"


def checked(project: Path) -> subprocess.CompletedProcess[str]:
    """Run the type checker over one project file."""
    command = [sys.executable, "-m", "basedpyright", "-p", str(project), "--pythonpath", sys.executable]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_right_uses_pass_and_wrong_uses_give_their_error() -> None:
    done = checked(FOLDER)
    assert done.returncode == 0, done.stdout


def test_the_judge_would_see_a_wrong_use_that_is_not_expected(tmp_path: Path) -> None:
    source = (FOLDER / "adapters.py").read_text()
    assert source.count("# pyright: ignore") > 25
    (tmp_path / "adapters.py").write_text(source.replace("# pyright: ignore[reportCallIssue]", ""))
    (tmp_path / "pyrightconfig.json").write_text((FOLDER / "pyrightconfig.json").read_text())
    assert "reportCallIssue" in checked(tmp_path).stdout
