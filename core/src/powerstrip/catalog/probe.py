"""The child process that looks into plugins, so that one which hangs or kills its process harms no other.

One JSON object a line comes in on standard input, one goes out on standard output for each: first `{"path": […]}`, answered
with `{"ready": true}`; then a `Request` each, answered with an `Answer`. What a plugin prints goes to standard error.
"""

import json
import os
import sys
import time
from contextlib import suppress
from threading import Thread
from typing import IO, TypedDict

from powerstrip.adapter.rules import refusal, same_id
from powerstrip.catalog.describe import describe, summary_of
from powerstrip.catalog.discover import roots_of
from powerstrip.catalog.loading import LoadFailed, load_adapter, told
from powerstrip.catalog.tier import shipped_tier

MAX_MEMORY = 2 * 1024**3
"""Bytes of address space that the child may use, where the system can limit it."""
MAX_ANSWER = 8 * 1024**2
"""Characters of one manifest; a larger one is refused."""


class Request(TypedDict):
    """One entry point to look into."""

    name: str
    value: str
    distribution: str
    version: str


class Answer(TypedDict):
    """What was found. `id` is the id it claims, in the form that tells doubles; `reason` is set when it is refused."""

    id: str
    reason: str
    summary: str
    body: str


def answer(request: Request) -> Answer:
    """Load one plugin, judge it and describe it. Whatever the plugin does short of ending the process becomes a reason."""
    claimed = ""
    try:
        adapter = load_adapter(request["name"], request["value"])
        claimed = same_id(adapter.id)
        if reason := refusal(adapter):
            return Answer(id=claimed, reason=reason, summary="", body="")
        manifest = describe(adapter, request["distribution"], request["version"])
        if record := shipped_tier(roots_of(request["value"])):
            manifest = manifest.model_copy(update={"tier": record.tier, "tier_computed_at": record.computed_at})
        body = manifest.model_dump_json()
    except LoadFailed as error:
        return Answer(id=claimed, reason=error.reason, summary="", body="")
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, and the others go on
        return Answer(id=claimed, reason=f"it cannot be described: {told(error)}", summary="", body="")
    if len(body) > MAX_ANSWER:
        return Answer(id=claimed, reason="its description is larger than 8 MiB", summary="", body="")
    return Answer(id=claimed, reason="", summary=summary_of(manifest).model_dump_json(), body=body)


def main() -> None:
    """Serve until standard input ends."""
    requests, answers = _private_pipes()
    _limit_memory()
    Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    sys.path[:] = json.loads(requests.readline())["path"]
    _say(answers, {"ready": True})
    for line in requests:
        _say(answers, answer(json.loads(line)))


def _end_with_parent(parent: int) -> None:
    """A hub that is killed cannot end a plugin that hangs, so this process watches for that itself."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _say(answers: IO[str], message: object) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _private_pipes() -> tuple[IO[str], IO[str]]:
    """Our pipes under other numbers: a plugin that prints or reads standard input must not disturb the talk."""
    requests, answers = os.fdopen(os.dup(0), "r", encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, answers


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
