"""A sandboxed call takes the same walk, and nothing of it leaves the process."""

import json
import socket
from typing import Any

import pytest
from callhouse import House, leaks

from powerstrip.connect import NewIntegration
from powerstrip.problems import Conflict
from powerstrip.store import Audit, WouldSend


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every way to a socket or a name look-up of this process is watched and refused."""
    tried: list[str] = []

    def refuse(name: str) -> Any:
        def refused(*args: Any, **kwargs: Any) -> Any:
            tried.append(name)
            raise AssertionError(f"a sandbox called {name}")

        return refused

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse(f"socket.{name}"))
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse(name))
    return tried


async def test_a_sandboxed_call_of_a_live_integration_sends_nothing_and_opens_nothing(
    house: House, no_network: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await house.connect()
    opened: list[object] = []
    monkeypatch.setattr(type(house.vault), "reveal", lambda vault, credential: opened.append(credential))

    result = await house.call(input={"text": "hello", "room": "den"}, sandbox=True, idempotency_key="order-1")

    assert (result.status, result.mode) == ("completed", "sandbox")
    assert result.output is not None
    assert (result.output["text"], result.output["room"]) == ("hello", "den")
    (entry,) = result.would_send
    assert (entry.method, entry.url) == ("POST", f"{house.peer.url}/notes")
    assert ["X-Acme-Key", "<api_key>"] in entry.headers
    assert json.loads(entry.body) == {"text": "hello", "room": "den"}
    assert (entry.integration_id, entry.invocation_id) == (link.id, result.invocation_id)
    assert json.loads(entry.answer) == result.output
    assert entry.idempotency_key
    assert opened == []
    assert no_network == []
    assert house.peer.requests == []
    (use,) = await house.audited("use", link.id)
    assert use.changes["mode"] == "sandbox"


async def test_the_same_call_gets_the_same_mock_and_another_gets_another(house: House, no_network: list[str]) -> None:
    await house.connect()

    one, same, other = [await house.call("acme.note.get", {"id": id}, sandbox=True) for id in ("1", "1", "2")]

    assert one.output == same.output
    assert one.invocation_id != same.invocation_id
    assert one.output != other.output


async def test_an_adapter_that_reads_a_raw_reply_is_answered_for(house: House, no_network: list[str]) -> None:
    await house.connect()

    result = await house.call("acme.note.raw", {"text": "hello"}, sandbox=True)

    assert result.status == "completed"
    assert result.output is not None
    assert result.output["text"] == "hello"
    assert json.loads(result.would_send[0].answer) == result.output


async def test_a_sandbox_project_needs_no_credential_and_stays_a_sandbox(house: House, no_network: list[str]) -> None:
    project = await house.make_project("play", "sandbox")
    new = NewIntegration("main", "acme", config={"base_url": house.peer.url})
    link = await house.integrations.create(project, house.actor, new)

    result = await house.call(project=project)

    assert (link.mode, link.credential_version, result.mode) == ("sandbox", 0, "sandbox")
    assert ["X-Acme-Key", "<api_key>"] in result.would_send[0].headers


async def test_a_sandbox_integration_stays_one_in_a_live_project(house: House, no_network: list[str]) -> None:
    await house.connect(mode="sandbox")

    result = await house.call()

    assert result.mode == "sandbox"
    assert house.peer.requests == []


async def test_a_row_flipped_to_live_by_hand_cannot_open_its_credential(house: House) -> None:
    """The mode is sealed in with the credential."""
    link = await house.connect(mode="sandbox")
    await house.store.hot(lambda connection: connection.exec_driver_sql("UPDATE integration SET mode = 'live'") and None)

    result = await house.call(integration=link.id)

    assert (result.status, result.error_type) == ("failed", "auth_failed")
    assert house.peer.requests == []


@pytest.mark.parametrize(
    ("simulate", "error_type"),
    [("unauthorized", "auth_failed"), ("rate_limited", "rate_limited"), ("server_error", "unavailable")],
)
async def test_failures_on_demand(house: House, no_network: list[str], simulate: str, error_type: str) -> None:
    link = await house.connect()

    result = await house.call(sandbox=True, simulate=simulate)

    assert (result.status, result.error_type) == ("failed", error_type)
    assert (await house.integrations.get(house.project.id, link.id)).status == "active"
    assert len(result.would_send) == 1


async def test_a_simulated_timeout_of_a_write_is_unknown_and_of_a_read_is_not(house: House, no_network: list[str]) -> None:
    await house.connect()

    write = await house.call(sandbox=True, simulate="timeout")
    read = await house.call("acme.note.get", {}, sandbox=True, simulate="timeout")

    assert write.error_type == "unknown"
    assert read.error_type in ("timeout", "unavailable")


async def test_the_ledger_lists_what_would_have_been_sent(house: House, database_url: str) -> None:
    link = await house.connect()
    results = [await house.call(input={"text": str(number)}, sandbox=True) for number in range(3)]
    ledger, project = house.actions.would_send, house.project.id

    everything = await ledger(project, integration_id=link.id)
    (one,) = await ledger(project, invocation_id=results[1].invocation_id)

    assert [json.loads(row.body)["text"] for row in everything] == ["2", "1", "0"]
    assert json.loads(one.body)["text"] == "1"
    page = await ledger(project, limit=1, after=(everything[0].created_at, everything[0].id))
    assert [row.id for row in page] == [everything[1].id]
    assert await ledger((await house.make_project("elsewhere")).id) == []


async def test_a_sandboxed_call_is_judged_like_any_other(house: House) -> None:
    with pytest.raises(Conflict, match="connect one"):
        await house.call(sandbox=True)


async def test_no_secret_in_anything_a_sandbox_leaves_behind(house: House) -> None:
    await house.connect()
    result = await house.call(sandbox=True)

    kept = [str(row.model_dump()) for table in (WouldSend, Audit) for row in await house.all(table)]

    assert leaks("\n".join([repr(result), *kept])) == []
    assert leaks(house.bytes_on_disk()) == []
