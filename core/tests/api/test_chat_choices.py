"""Values of the provider as choices, the steps of the work as they come, and copies into other projects."""

import pytest
from sqlmodel import select

from powerstrip.adapter import Choice, Unavailable
from powerstrip.connect.values import Picked
from powerstrip.store import ChatStep

from .conftest import House, problem
from .talking import Talk

TOKEN = "xoxb-invented-token-0000"
CHANNELS = [Choice(f"C{number:03}", f"#room-{number}") for number in range(1, 26)]


@pytest.fixture
async def talk(house: House) -> Talk:
    return await Talk.begun(house)


@pytest.fixture
def asked(house: House, monkeypatch: pytest.MonkeyPatch) -> list:
    """Queries that pickers were asked; they answer from two pages of channels."""
    queries: list = []

    async def pick(project, actor, id, picker, query):
        queries.append((picker, query.search, query.cursor))
        if query.search:
            return Picked([each for each in CHANNELS if query.search.lower().lstrip("#") in each.label])
        return Picked(CHANNELS[20:]) if query.cursor else Picked(CHANNELS[:20], "second")

    monkeypatch.setattr(house.hub.integrations, "pick", pick)
    return queries


def offered(reply: dict) -> list[str]:
    return [each["title"] for each in reply["choices"]]


async def test_a_setting_is_taken_from_the_provider_s_own_values(talk, asked) -> None:
    await talk.say("connect slack")
    reply = await talk.fill(bot_token=TOKEN)
    assert offered(reply) == [*(f"#room-{number}" for number in range(1, 11)), "More"]
    reply = await talk.say("more")
    assert offered(reply)[0] == "#room-11"
    reply = await talk.say("more")
    assert offered(reply) == [f"#room-{number}" for number in range(21, 26)]
    reply = await talk.say("room-1")
    assert "Another name" in reply["text"], "a name that one choice has is that choice"
    assert (await talk.integrations())[0]["config"] == {"default_channel": "C001"}
    assert asked[-1] == ("channel", "room-1", None)


async def test_typing_narrows_the_choices_and_a_number_takes_one(talk, asked) -> None:
    await talk.say("connect slack")
    await talk.fill(bot_token=TOKEN)
    reply = await talk.say("room-2")
    assert "Another name" in reply["text"]
    await talk.say("default")
    reply = await talk.say("create a channel")
    assert (await talk.integrations())[0]["config"] == {"default_channel": "C002"}

    other = await Talk.begun(talk.house)
    await other.say("connect another slack")
    await other.fill(bot_token=TOKEN)
    reply = await other.say("oom-2")
    assert offered(reply) == ["#room-2", "#room-20", "#room-21", "#room-22", "#room-23", "#room-24", "#room-25", "oom-2"]
    assert reply["choices"][-1]["detail"] == "as typed"
    await other.say("3")
    assert "C021" in str([each["config"] for each in await talk.integrations()])


async def test_a_provider_that_cannot_be_asked_leaves_the_question(talk, house, monkeypatch) -> None:
    async def pick(*_):
        raise Unavailable("Slack is away")

    monkeypatch.setattr(house.hub.integrations, "pick", pick)
    await talk.say("connect slack")
    reply = await talk.fill(bot_token=TOKEN)
    assert reply["choices"] == []
    assert "channel" in reply["text"].lower()
    await talk.say("#ward")
    assert (await talk.integrations())[0]["config"] == {"default_channel": "#ward"}


async def test_an_input_of_a_call_is_taken_from_a_list(talk, house, asked) -> None:
    await house.ok("POST", "integrations", {"name": "team", "provider": "slack", "credentials": {"bot_token": TOKEN}})
    reply = await talk.say("delete the slack message 1718031200.000100")
    assert "needs channel" in reply["text"]
    assert offered(reply)[0] == "#room-1"
    reply = await talk.say("#room-4")
    assert reply["plan"]["inputs"]["channel"] == "C004"


# What is being done, as it is done


async def test_the_steps_of_the_work_are_told_and_told_again(talk, house) -> None:
    await talk.say("connect slack")
    await talk.fill(bot_token=TOKEN)
    steps = await talk.steps()
    assert [each["step"] for each in steps] == ["understanding", "answered", "probing", "saved", "choices", "answered"]
    assert TOKEN not in str(steps)
    assert [each["id"] for each in await talk.steps(after=steps[3]["id"])] == [each["id"] for each in steps[4:]]
    assert await talk.steps(after=steps[-1]["id"]) == []


async def test_steps_are_their_own_person_s_and_end_with_the_conversation(talk, house) -> None:
    where = f"chat/sessions/{talk.id}/events?seconds=0"
    problem(await house.ask("GET", where, key=await house.member("admin")), 404)
    problem(await house.ask("GET", where, key=await house.member("viewer")), 403)
    problem(await house.ask("GET", where, headers={"last-event-id": "x"}), 400)
    await house.ok("DELETE", f"chat/sessions/{talk.id}")
    problem(await house.ask("GET", where), 404)


async def test_the_steps_are_told_again_by_a_hub_that_was_started_anew(talk, house) -> None:
    await talk.say("connect slack")
    await talk.fill(bot_token=TOKEN)
    before = await talk.steps()
    del house.hub.chats  # what a process remembers of conversations ends with it
    assert await talk.steps() == before
    assert await talk.steps(after=before[2]["id"]) == before[3:]
    await talk.say("default")
    after = await talk.steps(after=before[-1]["id"])
    assert after[-1]["step"] == "answered"
    assert {each["id"] for each in after}.isdisjoint(each["id"] for each in before)
    assert await talk.steps() == [*before, *after]
    await house.ok("DELETE", f"chat/sessions/{talk.id}")
    assert await house.hub.store.read(lambda session: session.exec(select(ChatStep)).all()) == []


async def test_the_newest_hundred_steps_of_a_conversation_are_kept(talk, house) -> None:
    for number in range(60):
        await talk.say(f"hello {number}")
    told = await talk.steps()
    del house.hub.chats
    assert 90 <= len(told) <= 100
    assert [each["id"] for each in await talk.steps()][-len(told) :] == [each["id"] for each in told]
    rows = await house.hub.store.read(lambda session: session.exec(select(ChatStep)).all())
    assert len(rows) <= 102


# Copies


async def stripe(house: House, project: str = "main") -> None:
    new = {"name": "billing", "provider": "stripe", "credentials": {"secret_key": f"sk{'_test_'}inventedForTheCopy0001"}}
    await house.ok("POST", "integrations", new, project=project)


async def test_a_copy_is_planned_and_made_with_both_projects_permission(talk, house) -> None:
    await stripe(house)
    await house.another("staging", mode="sandbox")
    reply = await talk.say("copy the stripe connection to staging")
    assert "copy billing of main" in reply["text"]
    assert await talk.integrations("staging") == []
    reply = await talk.say("yes")
    assert reply["text"] == "billing is in the project staging too."
    (row,) = await talk.integrations("staging")
    assert (row["name"], row["provider"], row["status"]) == ("billing", "stripe", "active")
    assert "inventedForTheCopy" not in str(talk.session)

    reply = await talk.say("copy the stripe connection to staging")
    assert "write over billing in staging" in reply["text"]
    await talk.say("no")
    assert "no project nowhere" in (await talk.say("copy the stripe connection to nowhere"))["text"]


async def test_a_project_that_is_not_named_is_asked_for(talk, house) -> None:
    await stripe(house)
    await house.another("staging", mode="sandbox")
    assert "Into which project" in (await talk.say("copy the stripe connection"))["text"]
    assert "copy billing of main" in (await talk.say("staging"))["text"]
    await talk.say("yes")
    assert len(await talk.integrations("staging")) == 1


async def test_a_copy_from_elsewhere_and_what_nobody_may(talk, house) -> None:
    other = await house.another("alpha")
    await stripe(house, "alpha")
    await house.another("beta")
    await talk.say("take the stripe connection of project alpha and put it in project beta")
    await talk.say("yes")
    assert [row["name"] for row in await talk.integrations("beta")] == ["billing"]
    assert await talk.integrations() == []

    await stripe(house)
    editor = await Talk.begun(house, await house.member("admin"))
    assert "no project alpha" in (await editor.say("copy the stripe connection to alpha"))["text"]
    viewer = await Talk.begun(house, await house.member("worker", project=other), "alpha")
    assert "cannot be done" in (await viewer.say("copy stripe from alpha to beta"))["text"] or (await talk.integrations("beta"))
    assert len(await talk.integrations("beta")) == 1
