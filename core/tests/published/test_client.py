"""Every method of the published client, as it was published, against a served hub."""

import asyncio
import inspect

import pytest
from deepnoodle import mobius

from .conftest import off

SPEC = {
    "name": "Greet",
    "inputs": {"doc_id": {"type": "string"}},
    "steps": [{"key": "rest", "kind": "sleep", "config": {"duration": "1s"}}],
}
METHODS = {name for name, _ in inspect.getmembers(mobius.Client, inspect.isfunction) if not name.startswith("_")}
TRIED = {
    "close",
    "worker_socket_url",
    "list_automations",
    "get_automation",
    "create_automation",
    "update_automation",
    "delete_automation",
    "list_automation_versions",
    "create_automation_version",
    "publish_automation_version",
    "start_run",
    "start_automation_run",
    "list_runs",
    "get_run",
    "cancel_run",
    "signal_run",
    "watch_run",
    "wait_run",
}


def test_no_method_is_left_out() -> None:
    assert METHODS == TRIED


async def made(published):
    automation = await off(published.create_automation, mobius.AutomationOptions(name="Greet", handle="greet"))
    return automation


async def test_automations_from_draft_to_archive(served, published) -> None:
    automation = await made(published)
    assert (automation.handle, automation.status.value) == ("greet", "draft")
    assert (await off(published.get_automation, "greet")).id == automation.id
    listed = await off(published.list_automations, mobius.ListAutomationsOptions(limit=10))
    assert [each.handle for each in listed.items] == ["greet"]
    changed = await off(published.update_automation, "greet", mobius.UpdateAutomationOptions(description="Says hello"))
    assert changed.description == "Says hello"
    version = await off(published.create_automation_version, "greet", SPEC)
    assert version.version == 1
    published_one = await off(published.publish_automation_version, "greet", 1)
    assert published_one.status.value == "active"
    again = await off(published.create_automation_version, "greet", SPEC, mobius.AutomationVersionOptions(publish=True))
    versions = await off(published.list_automation_versions, "greet")
    assert {each.version for each in versions.items} == {1, again.version}
    await off(published.delete_automation, "greet")
    assert (await off(published.list_automations)).items == []


async def test_a_wrong_key_and_the_socket_s_address(served) -> None:
    with mobius.Client("mbx_wrong", base_url=served.url, project="main") as client:
        with pytest.raises(mobius.AuthRevokedError):
            await off(client.list_automations)
        assert client.worker_socket_url() == f"ws://127.0.0.1:{served.port}/v1/projects/main/workers/socket"


async def started(published):
    await made(published)
    await off(published.create_automation_version, "greet", SPEC, mobius.AutomationVersionOptions(publish=True))
    return await off(published.start_run, "greet", mobius.StartRunOptions(inputs={"doc_id": "d"}, external_id="e-1"))


async def test_a_run_from_start_to_end(served, published) -> None:
    run = await started(published)
    ended = await off(published.wait_run, run.id, mobius.WaitRunOptions(timeout=20, reconnect_delay=0.1))
    assert ended.status.value == "completed"
    assert (await off(published.get_run, run.id)).id == run.id
    assert [each.id for each in (await off(published.list_runs, mobius.ListRunsOptions(limit=5))).items] == [run.id]
    events = await off(lambda: list(published.watch_run(run.id)))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    later = await off(lambda: list(published.watch_run(run.id, since=events[0].sequence)))
    assert [event.sequence for event in later] == [event.sequence for event in events[1:]]


async def test_a_run_is_cancelled(served, published) -> None:
    run = await started(published)
    cancelled = await off(published.cancel_run, run.id, "not needed")
    assert cancelled.id == run.id
    ended = await off(published.wait_run, run.id, mobius.WaitRunOptions(timeout=20, reconnect_delay=0.1))
    assert ended.status.value == "cancelled"


async def test_a_run_is_signalled(served, published) -> None:
    await made(published)
    waits = {"key": "wait", "kind": "wait_for_event", "config": {"event_type": "signal.approved"}}
    spec = SPEC | {"steps": [waits]}
    await off(published.create_automation_version, "greet", spec, mobius.AutomationVersionOptions(publish=True))
    run = await off(published.start_automation_run, "greet")
    while (await off(published.get_run, run.id)).status.value != "suspended":  # a signal is for a step that waits
        await asyncio.sleep(0.02)
    await off(published.signal_run, run.id, "wait", {"approved": True})
    ended = await off(published.wait_run, run.id, mobius.WaitRunOptions(timeout=20, reconnect_delay=0.1))
    assert ended.status.value == "completed"
