"""What a hub's log tells of libraries and of tasks that nobody waits for: who and where, never what was sent."""

import asyncio
import gc
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from powerstrip import logs
from powerstrip.api import Hub
from powerstrip.settings import Settings, installation_index


@pytest.fixture(autouse=True)
def begun() -> Iterator[None]:
    logs.configure(logs.WARNING)
    yield
    structlog.reset_defaults()


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def fail() -> None:
    raise RuntimeError("canary-of-a-task")


def fail_with(text: str) -> None:
    raise ValueError(text)


async def test_a_task_that_nobody_waits_for_is_told_by_kind_and_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub = await Hub.open(Settings(data=tmp_path / "data", catalog=installation_index(os.environ)), {})
    try:
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
        gc.collect()
        asyncio.get_running_loop().call_soon(fail_with, "canary-of-a-callback")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    finally:
        await hub.close()

    lines = told(capsys)

    assert [(line["event"], line["error"]) for line in lines] == [("loop.failed", "RuntimeError"), ("loop.failed", "ValueError")]
    assert all(Path(line["at"].rpartition(":")[0]) == Path(__file__) for line in lines)
    assert "canary" not in json.dumps(lines)
    assert asyncio.get_running_loop().get_exception_handler() is None


async def test_a_host_programmes_own_handler_stays(tmp_path: Path) -> None:
    heard: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: heard.append(context))
    hub = await Hub.open(Settings(data=tmp_path / "data", catalog=installation_index(os.environ)), {})
    await hub.close()
    loop.call_exception_handler({"message": "still heard"})
    assert heard == [{"message": "still heard"}]


def test_a_librarys_words_end_at_the_first_line_break(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("some.library").error("It failed\nfuture: <Task exception=RuntimeError('canary')>")
    [line] = told(capsys)
    assert (line["said"], line["logger"]) == ("It failed", "some.library")


def test_a_library_below_warning_is_not_heard_whatever_level_it_sets(capsys: pytest.CaptureFixture[str]) -> None:
    chatty = logging.getLogger("some.chatty.library")
    chatty.setLevel(logging.INFO)
    chatty.info("GET /canary")
    assert told(capsys) == []
