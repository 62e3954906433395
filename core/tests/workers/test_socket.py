"""The worker socket: the protocol's good ways, and what hostile peers send."""

import asyncio
import contextlib
import json

import pytest
import websockets
from sqlmodel import col, select

from powerstrip.automations.workers import conversation, jobs
from powerstrip.store import Audit, Job

ACTION = {"name": "summarize-document", "endpoint_kind": "worker"}


@pytest.fixture
async def api(served):
    """The registered action, and a client."""
    async with served.client() as hub:
        await hub._session.ask("POST", "/v1/projects/main/actions", body=ACTION)
        yield hub


def call(api, seconds: int = 10, **input):
    return asyncio.create_task(api.call("summarize-document", input, timeout_seconds=seconds))


async def only_job(served) -> Job:
    async def look():
        return await served.hub.store.read(lambda session: session.exec(select(Job)).first())

    for _ in range(200):
        if (job := await look()) is not None:
            return job
        await asyncio.sleep(0.02)
    raise AssertionError("no job")


async def test_a_job_from_call_to_result(served, api) -> None:
    async with served.worker() as worker:
        answer = await worker.register(action_names=["summarize-document"], concurrency_limit=2)
        assert answer["lease"]["lease_duration_seconds"] >= 1
        waiting = call(api, doc_id="d-1")
        job = await worker.claimed()
        assert job["action_name"] == "summarize-document"
        assert (job["kind"], job["origin"], job["executor_kind"]) == (
            "action_execution",
            "direct_action_invoke",
            "customer_worker",
        )
        assert job["spec"]["parameters"] == {"doc_id": "d-1"}
        await worker.send(type="job.heartbeat", job_id=job["id"], lease_token=job["lease_token"], message_id="m-1")
        assert (await worker.next("job.heartbeat.ack"))["message_id"] == "m-1"
        await worker.report(job, result={"summary": "short"})
        assert (await worker.next("job.report.ack"))["job_id"] == job["id"]
        result = await waiting
    assert (result["status"], result["output"], result["job_id"]) == ("completed", {"summary": "short"}, job["id"])
    entry = await api.invocations.get(result["invocation_id"])
    assert (entry["status"], entry["job_id"], entry["output_summary"]) == ("completed", job["id"], {"summary": "short"})


async def test_a_call_that_nobody_takes_is_active_and_ends_later(served, api) -> None:
    result = await call(api, 1)
    assert result["status"] == "active"
    async with served.worker() as worker:
        await worker.register()
        job = (await worker.claim())[0]
        assert job["id"] == result["job_id"]
        await worker.report(job, status="failed", error_type="NoPaper", error_message="The paper\nis out")
        await worker.next("job.report.ack")
    entry = await api.invocations.get(result["invocation_id"])
    assert (entry["status"], entry["error_type"], entry["error_message"]) == ("failed", "NoPaper", "The paper is out")


async def test_the_same_key_joins_the_same_job(served, api) -> None:
    first = await api.call("summarize-document", {"a": 1}, timeout_seconds=1, idempotency_key="once")
    again = asyncio.create_task(api.call("summarize-document", {"a": 1}, timeout_seconds=10, idempotency_key="once"))
    async with served.worker() as worker:
        await worker.register()
        job = await worker.claimed()
        assert job["spec"]["idempotency_key"] == "once"
        await worker.report(job, result={"n": 1})
        told = await again
    assert (told["job_id"], told["output"], told.get("replayed")) == (first["job_id"], {"n": 1}, True)


async def test_reports_once_and_only_by_who_holds_the_lease(served, api) -> None:
    """Wrong, foreign and old tokens change nothing and are on record; the same report twice is acknowledged as such."""
    async with served.worker() as worker, served.worker() as other:
        await worker.register()
        await other.register()
        waiting = call(api)
        job = await worker.claimed()
        await worker.send(type="job.report", job_id=job["id"], lease_token="lease_1_wrong", result={"bad": 1})
        assert (await worker.next("error"))["error"]["code"] == "lease_lost"
        await other.send(type="job.heartbeat", job_id=job["id"], lease_token=job["lease_token"])
        assert await other.closed() == 1002
        await worker.report(job, result={"good": 1})
        assert "duplicate" not in await worker.next("job.report.ack")
        await worker.report(job, result={"good": 1})
        assert (await worker.next("job.report.ack"))["duplicate"] is True
        await worker.report(job, result={"other": 1})
        assert (await worker.next("error"))["error"]["code"] == "lease_lost"
        assert (await waiting)["output"] == {"good": 1}
    rows = await served.hub.store.read(
        lambda session: list(session.exec(select(Audit).where(col(Audit.action) == "refuse", col(Audit.resource_type) == "job")))
    )
    assert len(rows) == 3


async def test_a_lost_worker_s_job_goes_to_another_and_its_late_report_is_refused(served, api, monkeypatch) -> None:
    monkeypatch.setattr(jobs, "LEASE_SECONDS", 1)
    monkeypatch.setattr(jobs, "AGAIN_SECONDS", 0.1)
    async with served.worker() as lost, served.worker() as second:
        await lost.register()
        waiting = call(api, 20)
        job = await lost.claimed()
        await second.register()
        again = await second.claimed(15)
        assert (again["id"], again["claim_attempt"]) == (job["id"], 2)
        assert again["lease_token"] != job["lease_token"]
        await lost.report(job, result={"late": True})
        assert (await lost.next("error"))["error"]["code"] == "lease_lost"
        await second.report(again, result={"late": False})
        assert (await waiting)["output"] == {"late": False}


async def test_heartbeats_do_not_outlast_the_attempt(served, api, monkeypatch) -> None:
    await api._session.ask("PATCH", "/v1/projects/main/actions/summarize-document", body={"timeout_seconds": 1})
    async with served.worker() as worker:
        await worker.register()
        await call(api, 1)
        job = (await worker.claim())[0]
        await worker.send(type="job.heartbeat", job_id=job["id"], lease_token=job["lease_token"])
        await worker.next("job.heartbeat.ack")
        await asyncio.sleep(1.1)
        await worker.send(type="job.heartbeat", job_id=job["id"], lease_token=job["lease_token"])
        assert (await worker.next("error"))["error"]["code"] == "lease_lost"


async def test_a_poison_job_dies_and_stands_before_nobody(served, api, monkeypatch) -> None:
    monkeypatch.setattr(jobs, "LEASE_SECONDS", 0)
    monkeypatch.setattr(jobs, "AGAIN_SECONDS", 0)
    poison = await call(api, 1)
    async with served.worker() as worker:
        await worker.register(concurrency_limit=4)
        for attempt in (1, 2, 3):
            job = await worker.claimed()
            assert (job["id"], job["claim_attempt"]) == (poison["job_id"], attempt)
            await asyncio.sleep(0.1)
        for _ in range(100):
            state = await api._session.get(f"/v1/projects/main/jobs/{job['id']}")
            if state["status"] == "dead":
                break
            await asyncio.sleep(0.05)
        dead = await api._session.get("/v1/projects/main/jobs", {"status": "dead"})
        assert [row["id"] for row in dead["items"]] == [job["id"]]
        entry = await api.invocations.get(poison["invocation_id"])
        assert (entry["status"], entry["error_type"]) == ("failed", "unknown")
        monkeypatch.undo()
        revived = await api._session.ask("POST", f"/v1/projects/main/jobs/{job['id']}/retry")
        assert revived["status"] == "queued"
        job = await worker.claimed()
        await worker.report(job, result={"at last": 1})
        await worker.next("job.report.ack")
    assert (await api.invocations.get(poison["invocation_id"]))["status"] == "completed"


async def test_cancelling_reaches_the_worker(served, api) -> None:
    async with served.worker() as worker:
        await worker.register()
        waiting = call(api)
        job = await worker.claimed()
        await api._session.ask("POST", f"/v1/projects/main/jobs/{job['id']}/cancellations", body={"reason": "not needed"})
        told = await worker.next("job.cancel")
        assert (told["job_id"], told["reason"]) == (job["id"], "not needed")
        await worker.send(type="job.heartbeat", job_id=job["id"], lease_token=job["lease_token"])
        assert (await worker.next("job.heartbeat.ack"))["cancel"]["reason"] == "not needed"
        await worker.report(job, status="cancelled", error_type="Cancelled", error_message="job cancelled")
        await worker.next("job.report.ack")
        result = await waiting
    assert (result["status"], result["error_type"]) == ("failed", "cancelled")


async def test_slots_queues_and_names_narrow_a_claim(served, api) -> None:
    for name, queue in (("resize", "gpu"), ("scale", "gpu")):
        body = {"name": name, "endpoint_kind": "worker", "queue": queue}
        await api._session.ask("POST", "/v1/projects/main/actions", body=body)
    for name in ("resize", "resize", "scale", "summarize-document"):
        assert (await api.call(name, {}, timeout_seconds=1))["status"] == "active"
    async with served.worker() as worker:
        await worker.register(concurrency_limit=10, queues=["gpu"])
        assert await worker.claim(0) == []
        assert [job["action_name"] for job in await worker.claim(10, action_names=["resize"])] == ["resize", "resize"]
        assert [job["action_name"] for job in await worker.claim(10, action_names=[])] == ["scale"]
        assert [job["action_name"] for job in await worker.claim(1, queues=[])] == ["summarize-document"]


async def test_one_name_one_process(served, api) -> None:
    async with served.worker() as worker:
        await worker.register("same")
        async with served.worker() as twin:
            await twin.send(type="worker.register", worker_instance_id="same")
            assert await twin.closed() == 4409
            assert twin.error()["code"] == "worker_instance_conflict"
        async with served.worker() as back:
            await back.register("same", worker_session_token=worker.token)
            assert await worker.closed() == 4410
    async with served.worker() as after:
        await asyncio.sleep(0.2)
        await after.register("same")


async def test_draining(served, api) -> None:
    async with served.worker() as worker:
        await worker.register("home")
        await worker.send(type="worker.draining", message_id="d")
        assert (await worker.next("worker.draining.ack"))["message_id"] == "d"
        await call(api, 1)
        assert await worker.claim() == []
        listed = await api._session.get("/v1/projects/main/worker-sessions")
        assert [row["instance_status"] for row in listed["items"]] == ["draining"]
    async with served.worker() as worker:
        await worker.register("away")
        listed = await api._session.get("/v1/projects/main/worker-sessions")
        ids = {row["worker_instance_id"]: row["id"] for row in listed["items"]}
        assert listed["totals"] == {"active_instances": 1, "slots": 1, "busy": 0, "stale": 0}
        await api._session.ask("POST", f"/v1/projects/main/worker-sessions/{ids['away']}/drain")
        await worker.next("worker.drain")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("nonsense", 1002),
        ('{"type":"worker.dance"}', 1002),
        ('{"no":"type"}', 1002),
        ("[]", 1002),
        ('{"type":"keepalive","type":"keepalive"}', 1002),
        ('{"type":"keepalive","extra":1}', 1002),
        ('{"type":"worker.register","worker_instance_id":"x"}', 1002),
        ('{"type":"jobs.claim","available_slots":-1}', 1002),
        ('{"type":"jobs.claim","available_slots":true}', 1002),
        ('{"type":"jobs.claim","queues":["\\u0000"]}', 1002),
        ('{"type":"job.report","job_id":"job_never","lease_token":"lease_1_x"}', 1002),
        ('{"type":"job.heartbeat","job_id":"' + "x" * 300 + '","lease_token":""}', 1002),
        ("[" * 100_000, 1002),
        (b"\x00\x01", 1003),
        ("x" * (256 * 1024 + 1), 1009),
        ("é" * (128 * 1024 + 1), 1009),
        ("x" * (8 * 1024 * 1024), 1009),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_no_frame_ends_the_conversation(served, sent, code) -> None:
    async with served.worker() as worker:
        await worker.register()
        with contextlib.suppress(websockets.ConnectionClosed):  # a very long one is refused while it is sent
            await worker.line.send(sent)
        assert await worker.closed() == code
        assert "xxxxxxx" not in json.dumps(worker.unread)


async def test_sixteen_megabytes_close_the_line_and_the_hub_lives_on(served) -> None:
    async with served.worker() as worker:
        await worker.register()
        with contextlib.suppress(websockets.ConnectionClosed):
            await worker.line.send("x" * (17 * 1024 * 1024))
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(worker.line.recv(), 5)
    async with served.worker() as worker:
        await worker.register()


async def test_the_first_frame_registers(served, monkeypatch) -> None:
    async with served.worker() as worker:
        await worker.send(type="jobs.claim")
        assert await worker.closed() == 1002
    monkeypatch.setattr(conversation, "REGISTER_SECONDS", 0.2)
    async with served.worker() as silent:
        assert await silent.closed() == 4408


async def test_ten_thousand_frames_are_too_many(served) -> None:
    async with served.worker() as worker:
        await worker.register()

        async def flood() -> None:
            for _ in range(10_000):
                await worker.line.send('{"type":"keepalive"}')

        sending = asyncio.create_task(flood())
        assert await worker.closed(20) == 1008
        assert worker.error()["code"] == "rate_limited"
        with contextlib.suppress(websockets.ConnectionClosed):
            await sending


async def test_progress_counts_without_a_gap(served, api) -> None:
    async with served.worker() as worker:
        await worker.register()
        await call(api, 1)
        job = (await worker.claim())[0]
        tell = {"type": "generation.delta", "job_id": job["id"], "lease_token": job["lease_token"], "delta": {"percent": 10}}
        await worker.send(**tell, sequence=0)
        assert (await worker.next("generation.delta.ack"))["received_sequence"] == 0
        await worker.send(**tell, sequence=2)
        assert await worker.closed() == 1002
    assert (await only_job(served)).status == "claimed"


async def test_who_may_not_gets_no_socket(served) -> None:
    viewer, _ = await served.member("viewer")
    for key, project, status in (("mbx_wrong", "main", 401), (viewer, "main", 403), (served.key, "other", 404)):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with served.worker(key, project):
                pass
        assert refused.value.response.status_code == status
        assert json.loads(refused.value.response.body)["error"]["code"]
    async with served.client() as hub:
        with pytest.raises(Exception, match="WebSocket"):
            await hub._session.get("/v1/projects/main/workers/socket")


async def test_a_revoked_key_is_cut_within_five_seconds(served) -> None:
    key, id = await served.member("worker")
    async with served.worker(key) as worker:
        await worker.register()
        async with served.client() as hub:
            await hub.keys.revoke(id)
        assert await worker.closed(5) == 4401
        assert worker.error()["code"] == "invalid_actor"


async def test_compression_is_not_negotiated(served) -> None:
    address = f"ws://127.0.0.1:{served.port}/v1/projects/main/workers/socket"
    async with websockets.connect(address, additional_headers={"authorization": f"Bearer {served.key}"}) as line:
        assert line.protocol.extensions == []


async def test_a_result_must_fit_the_action_s_schema(served, api) -> None:
    schema = {"type": "object", "required": ["summary"], "properties": {"summary": {"type": "string"}}}
    await api._session.ask("PATCH", "/v1/projects/main/actions/summarize-document", body={"output_schema": schema})
    async with served.worker() as worker:
        await worker.register()
        waiting = call(api)
        await worker.report(await worker.claimed(), result={"summary": 7})
        result = await waiting
    assert (result["status"], result["error_type"]) == ("failed", "output_mismatch")


async def test_a_sandbox_gives_no_job(served, api) -> None:
    result = await api.call("summarize-document", {"doc_id": "d"}, sandbox=True)
    assert result["status"] == "completed"
    assert [(row["method"], row["url"]) for row in result["would_have_sent"]] == [("JOB", "worker:default/summarize-document")]
    assert await served.hub.store.read(lambda session: session.exec(select(Job)).first()) is None
