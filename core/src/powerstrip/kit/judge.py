"""The child process that judges an adapter by the rules that need nothing but its package.

One JSON object comes as the argument: `path` to import from, the entry point's `name` and `value`, `readme`, and `vectors`,
files of signed deliveries. One goes out on standard output: `findings` by requirement, `unneeded` requirements with the reason,
and what the adapter declares.
"""

import asyncio
import inspect
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypedDict

from powerstrip.adapter import Adapter, NoAuth, Unverified
from powerstrip.adapter.rules import RULES, refusal
from powerstrip.adapter.testing import conformance, imports
from powerstrip.adapter.testing.vectors import NotVectors, read_vectors
from powerstrip.catalog import load_adapter
from powerstrip.inbound.verifying import run_vectors
from powerstrip.kit import behaviour, completeness
from powerstrip.kit.task import Task


class Judgement(TypedDict):
    """What was found. A requirement without findings is shown."""

    provider: str
    findings: dict[str, list[str]]
    unneeded: dict[str, str]
    parts: list[str]
    declared: int
    """Actions, events, pickers, polls, ways to sign in, and a subscription."""


def judge(task: Task) -> Judgement:
    """Judge one adapter. Where the hub would refuse it, nothing beyond that is tried."""
    adapter = load_adapter(task["name"], task["value"])
    if refusal(adapter):
        broken = [sentence for rule in RULES for sentence in rule(adapter)]
        return Judgement(provider=adapter.id, findings={"contract": broken}, unneeded={}, parts=[], declared=0)
    return Judgement(
        provider=adapter.id,
        findings={name: list(found) for name, found in _rules(adapter, task)},
        unneeded=dict(_unneeded(adapter)),
        parts=parts_of(adapter),
        declared=len(parts_of(adapter)) + len(adapter.events) + len(adapter.auths) + bool(adapter.subscribes),
    )


def parts_of(adapter: Adapter) -> list[str]:
    """Everything a test has to call."""
    tables: tuple[tuple[str, Iterable[str]], ...] = (
        ("action", adapter.actions),
        ("picker", adapter.pickers),
        ("poll", adapter.polls),
    )
    return [f"{kind} {name}" for kind, table in tables for name in table]


def functions_of(adapter: Adapter) -> dict[str, Any]:
    """The function behind each of `parts_of`."""
    actions = {f"action {name}": each.run for name, each in adapter.actions.items()}
    pickers = {f"picker {name}": each.pages for name, each in adapter.pickers.items()}
    polls = {f"poll {name}": each.look for name, each in adapter.polls.items()}
    return {name: inspect.unwrap(function) for name, function in (actions | pickers | polls).items()}


def _rules(adapter: Adapter, task: Task) -> Iterator[tuple[str, Iterable[str]]]:
    yield "contract", ()
    yield "schemas", [*conformance.fields_are_clear(adapter), *conformance.examples_validate(adapter)]
    yield "mocks", conformance.mocks_round_trip(adapter)
    yield "import", imports.importing_opens_nothing(adapter)
    yield "docstrings", conformance.everything_is_documented(adapter)
    yield "hosts", _hosts(adapter)
    yield "auth_failure", behaviour.refused_credential(adapter)
    yield "rate_limit", behaviour.rate_limit(adapter)
    yield "errors", behaviour.told_errors(adapter)
    yield "account", [] if adapter.whoami else ["no account check is registered"]
    yield "deliveries", [*conformance.bad_deliveries_are_rejected(adapter), *conformance.events_are_told_apart(adapter)]
    yield "pickers", [*completeness.picked(adapter), *conformance.dependent_pickers_read_real_fields(adapter)]
    yield "paging", behaviour.pages(adapter)
    yield "docs", completeness.described(adapter, task["readme"])
    yield "vectors", _vectors(adapter, task["vectors"])


def _hosts(adapter: Adapter) -> Iterator[str]:
    yield from conformance.actions_send_what_may_be_sent(adapter)
    yield from conformance.pickers_and_account_run(adapter)
    yield from conformance.hostile_input_stays_below_the_base(adapter)


def _unneeded(adapter: Adapter) -> Iterator[tuple[str, str]]:
    if adapter.verify is None:
        yield "vectors", "it takes no webhooks"
    elif isinstance(adapter.verify, Unverified):
        yield "vectors", "nothing proves its deliveries, and the adapter says why"
    if adapter.verify is None and not adapter.events:
        yield "deliveries", "it has no events"
    if all(isinstance(auth, NoAuth) for auth in adapter.auths):
        yield "account", "there is nobody to sign in as"
        yield "auth_failure", "there is no credential"


def _vectors(adapter: Adapter, files: Iterable[str]) -> Iterator[str]:
    if adapter.verify is None:
        return
    kinds: set[bool] = set()
    for name in files:
        try:
            read = read_vectors(Path(name).read_bytes())
        except NotVectors as reason:
            yield f"{Path(name).name}: {reason}"
            continue
        judged = asyncio.run(run_vectors(adapter.verify, read, adapter.receive))
        yield from (f"{Path(name).name}, {each.id}: {each.problem}" for each in judged if each.problem)
        kinds |= {each.valid for each in read.vectors}
    if kinds != {True, False}:
        yield "tests/vectors.json must hold a genuine and a forged delivery at least"


def main() -> None:
    """Judge what the argument names. What the adapter prints goes to standard error."""
    task: Task = json.loads(sys.argv[1])
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path[:0] = task["path"]
    with out:
        json.dump(judge(task), out)


if __name__ == "__main__":
    main()
