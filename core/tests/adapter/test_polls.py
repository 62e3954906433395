"""Polls and subscriptions as an author declares them."""

from datetime import UTC, datetime
from typing import ClassVar

import pytest

from powerstrip.adapter import Adapter, Http, Incoming, Model, Polled, Registration, Since, Subscription, Wish
from powerstrip.adapter.rules import refusal
from powerstrip.adapter.testing import provider


class Watched(Model):
    folder: str = "/"


class Entry(Model):
    name: str


class Listing(Model):
    entries: list[Entry]


def adapter() -> Adapter:
    return Adapter(id="boxes", title="Boxes", base_url="https://boxes.example.com")


async def test_a_poll_is_a_function_that_reads_one_page() -> None:
    boxes = adapter()

    @boxes.poll("entry", seconds=60)
    async def entries(http: Http, since: Since[Watched]) -> Polled:
        """Entries of a folder."""
        found = await http.get("/entries", params={"folder": since.watch.folder, "after": since.cursor}, returns=Listing)
        names = [each.name for each in found.entries]
        return Polled(cursor=names[-1], events=[Incoming(data={"name": name}, key=name) for name in names])

    poll = boxes.polls["entry"]
    assert (poll.watch, poll.seconds, poll.summary) == (Watched, 60, "Entries of a folder.")
    http = provider(boxes, {"GET /entries": {"entries": [{"name": "a"}, {"name": "b"}]}})
    page = await poll.look(http, Since(Watched(folder="/in"), "0"))
    assert (page.cursor, [each.key for each in page.events]) == ("b", ["a", "b"])
    assert ("folder", "/in") in http.sent[0].params
    assert refusal(boxes) == ""


def test_a_poll_says_what_it_watches() -> None:
    boxes = adapter()
    with pytest.raises(TypeError, match="Since"):

        @boxes.poll("entry")
        async def entries(http: Http, since: Since) -> Polled:  # type: ignore[type-arg]
            return Polled(cursor="")


def test_a_poll_that_never_rests_is_refused() -> None:
    boxes = adapter()

    @boxes.poll("entry", seconds=1)
    async def entries(http: Http, since: Since[Watched]) -> Polled:
        """Entries."""
        return Polled(cursor="")

    assert "at least 10" in refusal(boxes)


async def test_a_subscription_changes_by_delete_and_create_unless_it_can_do_better() -> None:
    boxes = adapter()
    calls: list[str] = []

    @boxes.subscription
    class Hooks(Subscription[Watched]):
        watch: ClassVar[type[Model]] = Watched

        async def create(self, http: Http, wish: Wish[Watched]) -> Registration:
            calls.append("create")
            return Registration("2", wish.url, wish.events)

        async def delete(self, http: Http, found: Registration, watch: Watched) -> None:
            calls.append(f"delete {found.id}")

    kept = boxes.subscribes
    assert isinstance(kept, Hooks)
    old = Registration("1", "https://hub.example.com/v1/hooks/x", ("entry.made",), expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    made = await kept.change(provider(boxes, {}), old, Wish(old.url, ("entry.made",), Watched()))
    assert (made.id, calls) == ("2", ["delete 1", "create"])
    assert refusal(boxes) == ""
