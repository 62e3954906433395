"""What people read of registrations and polls, and what their commands take."""

from typing import Any

import pytest

from powerstrip.cli.commands import polls
from powerstrip.cli.failures import Usage
from powerstrip.cli.parser import build
from powerstrip.cli.subscribing import describe, describe_plan, describe_status

ROW: dict[str, Any] = {
    "id": "sub_1", "endpoint_id": "hook_1", "integration_id": "int_1", "watch": {"repo": "o/h"}, "events": [], "state": "active",
    "registration": {"id": "7", "url": "https://hub.example.com/v1/hooks/hook_1", "events": ["push"], "active": True},
    "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T10:00:00Z",
}  # fmt: skip
STATUS: dict[str, Any] = {"items": [], "supported": True, "steps": ["Enter the address"], "events": ["push"], "watch_schema": {}}
POLL: dict[str, Any] = {
    "integration_id": "int_1", "provider": "s3", "poll": "object", "summary": "", "enabled": True, "seconds": 300,
    "watch": {"prefix": "in/"}, "watch_schema": {}, "failures": 0, "found": 3,
}  # fmt: skip


def test_a_plan_says_what_would_happen_at_the_provider() -> None:
    plan: Any = {"url": "https://h/v1/hooks/hook_1", "events": ["push"], "watch": {"repo": "o/h"}, "simulated": False}
    assert "created" in describe_plan(plan | {"steps": ["created"]})
    assert "all is as wanted" in describe_plan(plan | {"steps": []})
    assert "sandbox" in describe_plan(plan | {"steps": ["created"], "simulated": True})


def test_drift_and_trouble_are_shown() -> None:
    shown = describe({**ROW, "drift": "The registration was gone", "drift_at": "2026-11-22T10:00:00Z", "error": "not now"})  # pyright: ignore[reportArgumentType]
    assert "The registration was gone" in shown
    assert "not now" in shown
    assert "repo=o/h" in shown


def test_where_the_hub_cannot_the_steps_are_shown() -> None:
    by_hand: Any = STATUS | {"supported": False, "reason": "Slack has no API for webhooks"}
    assert "1. Enter the address" in describe_status(by_hand)
    asks: Any = STATUS | {"watch_schema": {"properties": {"repo": {"description": "Which one"}}}}
    assert "Which one" in describe_status(asks)


def test_a_poll_that_stands_still_says_why() -> None:
    assert "on" in polls.describe(POLL)  # pyright: ignore[reportArgumentType]
    stopped = polls.describe({**POLL, "stopped": "The integration is expired"})  # pyright: ignore[reportArgumentType]
    assert "Stopped because" in stopped
    assert "The integration is expired" in stopped


def test_the_words_of_the_commands() -> None:
    taken = build().parse_args(["endpoints", "subscribe", "hook_1", "repo=o/h", "--event", "push", "--event", "issues.opened"])
    assert (taken.endpoint, taken.watch, taken.event) == ("hook_1", ["repo=o/h"], ["push", "issues.opened"])
    taken = build().parse_args(["polls", "enable", "media", "object", "prefix=in/", "--seconds", "60"])
    assert (taken.integration, taken.poll, taken.seconds) == ("media", "object", 60)
    with pytest.raises(Usage):
        build().parse_args(["polls", "enable", "media", "object", "--seconds", "1"])
