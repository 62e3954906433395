"""Linear's adapter against a Linear that remembers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import Rejected, Wish
from powerstrip_linear import linear
from powerstrip_linear.events import Watched

pytestmark = pytest.mark.part

KEY = {"api_key": "Bearer test_token_admin"}
"""The emulator knows tokens of the browser's sign-in, which are sent after the word."""


@pytest.fixture
async def work(linear_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(linear, linear_url, tmp_path, KEY) as connection:
        yield connection


async def test_an_issue_lives(work: Connected) -> None:
    team = (await work.pick("team")).choices[0]
    made = await work.call("issue.create", team=team.value, title="Zwölf Boxkämpfer", description="jagen", priority=2)
    assert made.identifier
    assert (await work.call("issue.get", issue=made.id)).title == "Zwölf Boxkämpfer"
    assert (await work.call("issue.update", issue=made.id, title="Dreizehn")).title == "Dreizehn"


async def test_values_are_offered(work: Connected) -> None:
    assert (await work.pick("state")).choices  # it knows no filter, unlike Linear
    assert (await work.pick("user")).choices
    assert (await work.account()).id


async def test_a_webhook_is_made_found_and_removed(work: Connected) -> None:
    hooks, watch, http = linear.subscribes, Watched(), work.http("subscription", read_only=False)
    assert hooks is not None
    wish = Wish("https://hub.example.com/v1/hooks/ep_1", ("issue.created",), watch, "invented-secret")
    made = await hooks.create(http, wish)
    assert made.id in [each.id for each in await hooks.list(http, watch)]
    await hooks.delete(http, made, watch)
    assert made.id not in [each.id for each in await hooks.list(http, watch)]


async def test_what_is_not_there_is_refused(work: Connected) -> None:
    with pytest.raises(Rejected):
        await work.call("issue.update", issue="33333333-3333-4333-8333-333333333333", title="x")
