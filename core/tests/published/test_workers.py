"""The published worker and worker pool, unchanged, against a served hub."""

import asyncio
import contextlib

import pytest
from deepnoodle import mobius

WORKER = {"endpoint_kind": "worker"}


async def register(hub, *names: str) -> None:
    for name in names:
        await hub.actions.create(name, kind="worker")


@contextlib.asynccontextmanager
async def running(worker):
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        worker.stop()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task


async def test_a_worker_does_jobs(served, published) -> None:
    worker = mobius.Worker(published, mobius.WorkerConfig(worker_instance_id="w-1", concurrency=2, name="ada", version="7"))

    @mobius.action(worker, "send_email")
    def send_email(params: dict) -> dict:
        return {"sent_to": params["to"]}

    async def whoami(params: dict, ctx: mobius.ActionContext) -> str:
        assert (ctx.action, ctx.attempt, ctx.queue, ctx.worker_instance_id) == ("whoami", 1, "default", "w-1")
        return ctx.job_id

    def breaks(params: dict) -> None:
        raise RuntimeError("the paper is out")

    worker.register("whoami", whoami).register("breaks", breaks)
    async with served.client() as hub:
        await register(hub, "send_email", "whoami", "breaks")
        async with running(worker):
            done = await hub.call("send_email", {"to": "ada@example.com"}, timeout_seconds=20)
            assert done["output"] == {"sent_to": "ada@example.com"}
            told = await hub.call("whoami", {}, timeout_seconds=20)
            assert told["output"] == {"output": told["job_id"]}
            failed = await hub.call("breaks", {}, timeout_seconds=20)
            assert (failed["status"], failed["error"]) == ("failed", "the paper is out")
            entry = await hub.catalog.action("send_email")
            assert (entry["endpoint_kind"], entry["readiness"]) == ("worker", "ready")
            [session] = (await hub.workers.list())["items"]
            assert (session["worker_instance_id"], session["name"], session["version"]) == ("w-1", "ada", "7")
            assert session["concurrency_limit"] == 2
            assert session["action_names"] == ["breaks", "send_email", "whoami"]


async def test_a_cancelled_job_is_reported(served, published) -> None:
    begun = asyncio.Event()

    async def forever(params: dict) -> None:
        begun.set()
        await asyncio.sleep(60)

    worker = mobius.Worker(published, mobius.WorkerConfig(worker_instance_id="w-1"), {"forever": forever})
    async with served.client() as hub:
        await register(hub, "forever")
        async with running(worker):
            waiting = asyncio.create_task(hub.call("forever", {}, timeout_seconds=20))
            await asyncio.wait_for(begun.wait(), 10)
            [job] = await hub.workers.jobs(status="claimed").all()
            await hub.workers.cancel(job["id"], "not needed")
            assert (await waiting)["error_type"] == "cancelled"


async def test_a_pool_shares_the_work(served, published) -> None:
    seen: set[str] = set()

    async def work(params: dict, ctx: mobius.ActionContext) -> dict:
        seen.add(ctx.worker_instance_id)
        await asyncio.sleep(0.05)
        return {"n": params["n"]}

    pool = mobius.WorkerPool(published, mobius.WorkerPoolConfig(count=3, worker_instance_id_prefix="pool")).register("work", work)
    async with served.client() as hub:
        await register(hub, "work")
        async with running(pool):
            calls = [hub.call("work", {"n": number}, timeout_seconds=30) for number in range(12)]
            results = await asyncio.gather(*calls)
    assert sorted(result["output"]["n"] for result in results) == list(range(12))
    assert seen <= {"pool-1", "pool-2", "pool-3"}
    assert len(seen) > 1


async def test_a_twin_ends_with_its_own_error(served, published) -> None:
    first = mobius.Worker(published, mobius.WorkerConfig(worker_instance_id="same"), {"work": print})
    twin = mobius.Worker(published, mobius.WorkerConfig(worker_instance_id="same"), {"work": print})
    async with served.client() as hub, running(first):
        for _ in range(100):
            if (await hub.workers.list())["items"]:
                break
            await asyncio.sleep(0.05)
        with pytest.raises(mobius.WorkerInstanceConflictError):
            await asyncio.wait_for(twin.run(), 10)


async def test_a_revoked_key_ends_the_worker(served) -> None:
    key, id = await served.member("worker")
    client = mobius.Client(mobius.ClientOptions(api_key=key, base_url=served.url, project="main"))
    worker = mobius.Worker(client, mobius.WorkerConfig(worker_instance_id="w"), {"work": print})
    task = asyncio.create_task(worker.run())
    async with served.client() as hub:
        for _ in range(100):
            if (await hub.workers.list())["items"]:
                break
            await asyncio.sleep(0.05)
        await hub.keys.revoke(id)
    with pytest.raises(mobius.AuthRevokedError):
        await asyncio.wait_for(task, 8)
    client.close()


async def test_draining_sends_a_worker_home(served, published) -> None:
    worker = mobius.Worker(published, mobius.WorkerConfig(worker_instance_id="w"), {"work": lambda: None})
    task = asyncio.create_task(worker.run())
    async with served.client() as hub:
        await register(hub, "work")
        assert (await hub.call("work", {}, timeout_seconds=20))["output"] == {"output": None}
        [session] = (await hub.workers.list())["items"]
        await hub.workers.drain(session["id"])
    await asyncio.wait_for(task, 10)
