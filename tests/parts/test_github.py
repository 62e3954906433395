"""GitHub's adapter against a GitHub that remembers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import Rejected, Wish
from powerstrip_github import github
from powerstrip_github.events import Watched

pytestmark = pytest.mark.part

TOKEN = "test_token_admin"


@pytest.fixture
async def hub(github_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(github, github_url, tmp_path, {"token": TOKEN}) as connection:
        yield connection


@pytest.fixture
async def repo(github_url: str, hub: Connected) -> str:
    """A repository with one commit."""
    owner = (await hub.account()).detail
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body: dict[str, Any] = {"name": "powerstrip-trial", "auto_init": True}
    async with aiohttp.ClientSession(headers=headers) as session, session.post(f"{github_url}/user/repos", json=body) as made:
        assert made.status in (201, 422)
    return f"{owner}/powerstrip-trial"


async def test_an_issue_lives(hub: Connected, repo: str) -> None:
    made = await hub.call("issue.create", repo=repo, title="Zwölf Boxkämpfer", body="jagen")
    assert made.state == "open"
    await hub.call("issue.comment", repo=repo, number=made.number, body="Seen.")
    labels = await hub.call("issue.add_labels", repo=repo, number=made.number, labels=["bug"])
    assert "bug" in labels.labels
    assert (await hub.call("issue.update", repo=repo, number=made.number, state="closed")).state == "closed"


async def test_repositories_are_offered(hub: Connected, repo: str) -> None:
    assert repo in [choice.value for choice in (await hub.pick("repo")).choices]


async def test_a_webhook_is_made_found_and_removed(hub: Connected, repo: str) -> None:
    hooks, watch, http = github.subscribes, Watched(repo=repo), hub.http("subscription", read_only=False)
    assert hooks is not None
    wish = Wish("https://hub.example.com/v1/hooks/ep_1", ("push", "issues.opened"), watch, "invented-secret")
    made = await hooks.create(http, wish)
    assert made.url == wish.url
    assert made.id in [each.id for each in await hooks.list(http, watch)]
    await hooks.delete(http, made, watch)
    assert made.id not in [each.id for each in await hooks.list(http, watch)]


async def test_what_is_not_there_is_refused(hub: Connected) -> None:
    with pytest.raises(Rejected, match="Not Found"):
        await hub.call("issue.create", repo="nobody/nothing", title="x")
