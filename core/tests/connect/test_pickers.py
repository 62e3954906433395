"""Values of the provider to choose from."""

import json
from typing import Any

import pytest
from callhouse import CANARY, House
from werkzeug import Request, Response

from powerstrip.adapter import AuthFailed, Query, Unavailable
from powerstrip.connect import Picked, pickers
from powerstrip.problems import BadInput, Conflict, NotFound, Unprocessable
from powerstrip.store import Integration


def pages(count: int, size: int = 100) -> Any:
    """Rooms in pages: cursor → page."""

    def answer(request: Request) -> Response:
        at = int(request.args["cursor"] or 0)
        rooms = [{"id": f"r-{at * size + each}", "name": f"Room {at * size + each}"} for each in range(size)]
        return Response(
            json.dumps({"rooms": rooms, "next": str(at + 1) if at + 1 < count else None}), content_type="application/json"
        )

    return answer


async def pick(house: House, row: Integration, name: str = "room", **query: Any) -> Picked:
    return await house.integrations.pick(house.project, house.actor, row.id, name, Query(**query))


async def test_a_page_is_the_providers_page(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /rooms", pages(3))

    first = await pick(house, row)
    second = await pick(house, row, cursor=first.next)

    assert [choice.value for choice in first.choices[:2]] == ["r-0", "r-1"]
    assert (first.next, second.choices[0].value, second.next) == ("1", "r-100", "2")
    assert (await pick(house, row, cursor="2")).next is None
    assert house.peer.requests[0][1]["x-acme-key"] == CANARY
    (use, *_) = await house.audited("use", row.id)
    assert use.changes["action"] == "acme:picker:room"


async def test_where_the_provider_cannot_search_the_hub_looks_through_the_pages(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /rooms", pages(3))

    found = await pick(house, row, search="ROOM 27")

    assert [choice.label for choice in found.choices] == ["Room 27", *(f"Room 27{each}" for each in range(10))]
    assert (found.next, found.complete) == (None, True)
    assert house.peer.asked("GET /rooms") == 3
    assert len(await house.audited("use", row.id)) == 1


async def test_an_answer_is_kept_for_a_minute_and_tells_its_age(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    row = await house.connect()
    house.peer.say("GET /rooms", pages(2))
    clock = [1000.0]
    monkeypatch.setattr(pickers, "monotonic", lambda: clock[0])

    fresh = await pick(house, row, search="room 1")
    clock[0] += 30
    other_text = await pick(house, row, search="room 2")
    clock[0] += 31
    later = await pick(house, row, search="room 2")

    assert (fresh.cached_age, other_text.cached_age, later.cached_age) == (0, 30, 0)
    assert house.peer.asked("GET /rooms") == 4


async def test_the_hub_stops_looking_somewhere_and_says_so(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /rooms", pages(1000))

    found = await pick(house, row, search="room")

    assert (len(found.choices), found.complete) == (2000, False)
    assert house.peer.asked("GET /rooms") == 20


async def test_a_cursor_that_goes_round_does_not_go_on_forever(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /rooms", {"rooms": [{"id": "r", "name": "Room"}], "next": "same"})

    found = await pick(house, row, search="room")

    assert house.peer.asked("GET /rooms") == 2
    assert not found.complete


async def test_a_provider_that_searches_is_asked_each_time(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /people", {"people": ["Ada", "Grace"]}, {"people": ["Grace"]})

    assert len((await pick(house, row, "person", search="a")).choices) == 2
    assert len((await pick(house, row, "person", search="gr")).choices) == 1


async def test_a_dependent_picker_waits_for_its_field(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /desks", {"desks": ["1a"]}, {"desks": ["2a"]})

    for values in ({}, {"room": ""}, {"room": None}):
        with pytest.raises(BadInput) as caught:
            await pick(house, row, "desk", values=values)
        assert caught.value.details["errors"][0]["path"] == "value.room"
    one, two = [await pick(house, row, "desk", values={"room": room}) for room in ("one", "two")]

    assert (one.choices[0].value, two.choices[0].value) == ("1a", "2a")


async def test_other_credentials_or_settings_ask_anew(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /rooms", pages(1))
    await pick(house, row)
    await house.integrations.rotate(house.project, house.actor, row.id, {"api_key": "acme-invented-2"}, probe=False)

    assert (await pick(house, row)).cached_age == 0
    assert house.peer.requests[-1][1]["x-acme-key"] == "acme-invented-2"


async def test_two_integrations_share_nothing(house: House) -> None:
    first, second = await house.connect("first"), await house.connect("second")
    house.peer.say("GET /rooms", {"rooms": [{"id": "1", "name": "One"}]}, {"rooms": [{"id": "2", "name": "Two"}]})

    assert (await pick(house, first)).choices != (await pick(house, second)).choices


async def test_a_sandbox_has_choices_of_its_own(house: House) -> None:
    row = await house.connect(mode="sandbox")

    found = await pick(house, row)

    assert [choice.value for choice in found.choices] == ["sample-room-1", "sample-room-2", "sample-room-3"]
    assert [choice.value for choice in (await pick(house, row, search="2")).choices] == ["sample-room-2"]
    assert house.peer.requests == []


async def test_failures_are_the_adapters_own_and_a_refusal_expires(house: House) -> None:
    row = await house.connect()
    house.peer.say("GET /desks", {"desks": [7]})
    with pytest.raises(Unprocessable) as caught:
        await pick(house, row, "desk", values={"room": "x"})
    assert caught.value.code == "adapter_broken"
    house.peer.say("GET /rooms", Response("<html>", 200, content_type="text/html"))
    with pytest.raises(Unavailable):
        await pick(house, row)
    house.peer.say("GET /rooms", {"message": "Your key is gone"}, status=401)
    with pytest.raises(AuthFailed, match="Your key is gone"):
        await pick(house, row)

    assert (await house.integrations.get(house.project.id, row.id)).status == "expired"
    with pytest.raises(Conflict):
        await pick(house, row)


async def test_odd_questions_are_refused(house: House) -> None:
    row = await house.connect()
    elsewhere = await house.make_project("elsewhere")

    with pytest.raises(NotFound, match="room, desk, person"):
        await pick(house, row, "planet")
    for query in ({"search": "x" * 1001}, {"cursor": "x" * 1001}, {"values": {"a": "x" * 1001}}):
        with pytest.raises(BadInput):
            await pick(house, row, **query)
    with pytest.raises(NotFound):
        await house.integrations.pick(elsewhere, house.actor, row.id, "room", Query())
    assert house.peer.requests == []
