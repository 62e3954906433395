"""Which plugins a hub takes in, and what it says of them at the start."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from powerstrip import logs

from .conftest import opened, problem


@pytest.fixture(autouse=True)
def begun() -> Iterator[None]:
    logs.configure(logs.INFO)
    yield
    structlog.reset_defaults()


async def test_a_blocked_plugin_is_not_in_the_house_and_the_log_says_what_is(
    tmp_path: Path, catalog_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path / "data", catalog_folder, plugins_block=("Powerstrip_Slack",)) as house:
        listed = {each["name"]: each for each in (await house.ok("GET", "integrations/providers"))["providers"]}
        refused = await house.ask("POST", "actions/slack.message.post/invocations", {"input": {"text": "x"}})
    assert listed["postmark"]["actions"]
    assert (listed["slack"]["readiness"], listed["slack"]["actions"]) == ("unavailable", [])
    problem(refused, 404)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    [line] = [line for line in lines if line["event"] == "hub.plugins"]
    assert any(name.startswith("postmark ") for name in line["usable"])
    assert [name.split()[0] for name in line["blocked"]] == ["slack"]
