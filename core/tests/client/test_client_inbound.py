"""What goes out for events, endpoints, their subscriptions, and polls."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from powerstrip.client import Client

Ask = Callable[[Client], Awaitable[Any]]
P = "/v1/projects/shop"
POLL = {"integration_id": "int_1", "poll": "object"}
ASKED: list[tuple[str, Ask, tuple[str, str], Any]] = [
    ("an event", lambda c: c.events.get("pev_1"), ("GET", f"{P}/integrations/events/pev_1"), None),
    (
        "a replay",
        lambda c: c.events.replay(["pev_1"], sandbox=True),
        ("POST", f"{P}/integrations/events/replay"),
        {"ids": ["pev_1"], "sandbox": True},
    ),
    (
        "a test fire",
        lambda c: c.events.fire(event_type="slack.message.posted"),
        ("POST", f"{P}/integrations/events/test/fires"),
        {"mode": "preview", "event_type": "slack.message.posted"},
    ),
    (
        "an endpoint",
        lambda c: c.endpoints.create(integration_id="int_1"),
        ("POST", f"{P}/endpoints"),
        {"integration_id": "int_1"},
    ),
    (
        "a rotation",
        lambda c: c.endpoints.rotate("hook_1", overlap_seconds=0),
        ("POST", f"{P}/endpoints/hook_1/rotate"),
        {"overlap_seconds": 0},
    ),
    ("a confirmation", lambda c: c.endpoints.confirm("hook_1"), ("POST", f"{P}/endpoints/hook_1/confirm"), None),
    ("an endpoint's end", lambda c: c.endpoints.delete("hook_1"), ("DELETE", f"{P}/endpoints/hook_1"), None),
    ("a status", lambda c: c.subscriptions("hook_1").status(), ("GET", f"{P}/endpoints/hook_1/subscriptions"), None),
    (
        "a plan",
        lambda c: c.subscriptions("hook_1").plan({"repo": "o/h"}),
        ("POST", f"{P}/endpoints/hook_1/subscriptions?plan=true"),
        {"watch": {"repo": "o/h"}, "events": []},
    ),
    (
        "a subscription",
        lambda c: c.subscriptions("hook_1").publish({"repo": "o/h"}, ["push"]),
        ("POST", f"{P}/endpoints/hook_1/subscriptions"),
        {"watch": {"repo": "o/h"}, "events": ["push"]},
    ),
    (
        "a check",
        lambda c: c.subscriptions("hook_1").check("sub_1"),
        ("POST", f"{P}/endpoints/hook_1/subscriptions/sub_1/check"),
        None,
    ),
    (
        "an unsubscription",
        lambda c: c.subscriptions("hook_1").remove("sub_1"),
        ("DELETE", f"{P}/endpoints/hook_1/subscriptions/sub_1"),
        None,
    ),
    (
        "a poll on",
        lambda c: c.polls.enable("int_1", "object", {"prefix": "in/"}, seconds=60),
        ("POST", f"{P}/polls/enable"),
        POLL | {"watch": {"prefix": "in/"}, "seconds": 60},
    ),
    ("a poll off", lambda c: c.polls.disable("int_1", "object"), ("POST", f"{P}/polls/disable"), POLL),
    ("a poll now", lambda c: c.polls.now("int_1", "object"), ("POST", f"{P}/polls/now"), POLL),
]


@pytest.mark.parametrize(("ask", "asked", "body"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
async def test_a_method_is_one_request(client, canned, ask: Ask, asked: tuple[str, str], body: Any) -> None:
    await ask(client)
    assert canned.asked == asked
    assert canned.body == body
    assert len(canned.requests) == 1


async def test_polls_of_one_integration_are_asked_for_by_its_id(client, canned) -> None:
    canned.answers = [httpx2.Response(200, json={"items": [POLL]})]
    assert await client.polls.list(integration_id="int_1") == [POLL]
    assert canned.asked == ("GET", f"{P}/polls?integration_id=int_1")
