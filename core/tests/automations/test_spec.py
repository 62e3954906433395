"""Two spellings, one plan; bad input told with its line and column."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerstrip.automations.spec import (
    Action,
    Branch,
    Concurrency,
    ForEach,
    Input,
    Parallel,
    Plan,
    Retry,
    Sleep,
    Step,
    SubAutomation,
    Trigger,
    WaitForEvent,
    compile_text,
    compile_value,
    missed,
    next_fire,
    to_api,
    to_authoring,
    to_yaml,
)
from powerstrip.automations.spec.plan import Arm, Case

DOCUMENTS = """\
steps:
  - name: summarize
    action: summarize-document
    parameters:
      doc_id: "${inputs.doc_id}"
 
  - name: notify
    action: slack.post-message
    action_kind: server
    parameters:
      channel: "#ops"
      text: "Summary complete for ${inputs.doc_id}"
"""  # noqa: W293 - word for word as it is published
SAME = {
    "schema_version": "1",
    "steps": [
        {
            "key": "summarize",
            "kind": "action",
            "config": {
                "action_name": "summarize-document",
                "execution_location": "worker",
                "parameters": {"doc_id": "{{ .inputs.doc_id }}"},
            },
        },
        {
            "key": "notify",
            "kind": "action",
            "config": {
                "action_name": "slack.post-message",
                "parameters": {"channel": "#ops", "text": "Summary complete for {{ .inputs.doc_id }}"},
            },
        },
    ],
}


def known(name: str) -> str | None:
    return {"slack.post-message": "slack.message.post"}.get(name)


def test_the_published_example_and_its_twin_make_one_plan(codes) -> None:
    written, twin = compile_text(DOCUMENTS, known), compile_value(SAME, known)
    assert codes(written) == codes(twin) == []
    assert written.plan == twin.plan
    assert compile_text(json.dumps(SAME, indent=2), known).plan == twin.plan
    assert written.plan is not None
    worker, server = (step.task for step in written.plan.steps)
    assert isinstance(worker, Action)
    assert isinstance(server, Action)
    assert (worker.action, worker.action_kind, worker.parameters) == (
        "summarize-document",
        "worker",
        {"doc_id": "${inputs.doc_id}"},
    )
    assert (server.action, server.action_kind) == ("slack.message.post", "server")
    assert Plan.model_validate_json(written.plan.model_dump_json()) == written.plan


EVERYTHING = """
name: Onboarding
inputs:
  email: {type: string, required: true}
  size: {type: integer, default: 3}
concurrency: {policy: queue, key: "${inputs.email}", limit: 2}
timeout: 2h
triggers:
  - {key: pushed, kind: event, event: "github.push.*", condition: "event.ref == 'main'", inputs: {email: "${event.email}"}}
  - {key: daily, kind: schedule, cron: "30 9 * * 1-5", time_zone: Europe/Berlin, misfire: skip}
  - {key: form, kind: http, signed: true}
  - {key: moved, kind: entity, entity: linear.issue, change: updated}
  - {key: hand, kind: manual}
steps:
  - name: fetch
    action: load
    retry: {max_attempts: 5, delay: 2s}
    timeout: 30s
    on_error: continue
    save_as: loaded
  - name: choose
    branch:
      - if: inputs.size > 2 && steps.fetch.status == 'completed'
        steps: [{name: rest, sleep: 1h30m}]
      - else: [{name: ask, wait_for_event: slack.message.posted}]
  - name: each
    for_each: {items: "${steps.fetch.output.list}", as: row, limit: 10, concurrency: 2, steps: [{name: put, action: store, parameters: {v: "${row.id} ${index}"}}]}
  - name: both
    parallel:
      left: [{name: l, automation: other, inputs: {a: "${context.loaded}"}, wait: true}]
      right: [{name: r, sleep: {until: "2026-12-24T18:00:00Z"}}]
cleanup:
  - {name: tidy, action: remove, parameters: {was: "${steps.both.status}"}}
outputs: {list: "${steps.each.output}"}
"""  # noqa: E501 - as people write it


def test_every_kind_of_step_and_trigger_in_both_spellings(codes) -> None:
    compiled = compile_text(EVERYTHING)
    assert codes(compiled) == []
    assert compiled.plan is not None
    kinds = [step.kind for step, _ in compiled.plan.every_step()]
    assert kinds == [
        "action",
        "branch",
        "sleep",
        "wait_for_event",
        "for_each",
        "action",
        "parallel",
        "automation",
        "sleep",
        "action",
    ]
    for write in (to_api, to_authoring):
        again = compile_text(to_yaml(write(compiled.plan)))
        assert codes(again) == []
        assert again.plan == compiled.plan
        assert compile_value(write(compiled.plan)).plan == compiled.plan


WRONG = [
    ("steps: [\n", "syntax", 2, 1),
    ("", "empty", 0, 0),
    ("[1]", "type", 1, 1),
    ("steps: []", "missing", 1, 1),
    ("steps: []\nsteps: []\n", "duplicate_key", 2, 1),
    ('{"steps": [], "steps": []}', "duplicate_key", 1, 15),
    ("steps: &a []\n", "alias", 1, 8),
    ("steps: *a\n", "alias", 1, 8),
    ("steps: !!python/object/apply:os.system [x]\n", "tag", 1, 8),
    ("steps: !x []\n", "tag", 1, 8),
    ("? [a]\n: 1\n", "key_not_text", 1, 3),
    ("<<: {a: 1}\n", "merge_key", 1, 1),
    ("a: 1\n---\nb: 2\n", "several_documents", 2, 1),
    ("steps:\n  - {name: a, action: b, parameters: {x: .nan}}\n", "not_finite", 2, 42),
    ("steps:\n  - {name: a, action: b, parameters: {x: NaN}}\n", "not_finite", 2, 42),
    ("steps:\n  - {name: a, action: b, parameters: {x: 1e999}}\n", "not_finite", 2, 42),
    ("steps:\n  - {name: a, action: b, parameters: {x: 99999999999999999999}}\n", "not_finite", 2, 42),
    ("steps:\n  - {name: a, action: b, bogus: 1}\n", "unknown_field", 2, 26),
    ("steps:\n  - {name: a, action: b}\n  - {name: a, action: b}\n", "duplicate_key", 3, 5),
    ("steps:\n  - {name: 9a, action: b}\n", "bad_key", 2, 6),
    ("steps:\n  - {name: a}\n", "no_task", 2, 5),
    ("steps:\n  - {name: a, action: b, sleep: 1s}\n", "several_tasks", 2, 5),
    ("steps:\n  - {name: a, sleep: soon}\n", "bad_duration", 2, 15),
    ("steps:\n  - {name: a, sleep: {until: soon}}\n", "bad_sleep", 2, 23),
    ("steps:\n  - {name: a, action: b, parameters: {t: '${oops'}}\n", "bad_template", 2, 39),
    ("steps:\n  - {name: a, action: b, if: 'inputs.x >'}\n", "bad_condition", 2, 26),
    ("steps:\n  - {name: a, action: b, if: 'nothing.x > 1'}\n", "bad_condition", 2, 26),
    ("steps:\n  - {key: a, kind: agent, config: {agent_id: x, instructions: y}}\n", "agent_step", 2, 14),
    ("steps:\n  - {name: a, for_each: {items: [1], as: inputs, steps: [{name: b, sleep: 1s}]}}\n", "reserved_name", 2, 38),
    ("steps:\n  - {name: a, sleep: 1s, retry: {max_attempts: 11}}\n", "out_of_range", 2, 34),
    ("inputs: {n: {type: integer, default: x}}\nsteps: [{name: a, sleep: 1s}]\n", "type", 1, 29),
    ("steps: [{name: a, sleep: 1s}]\ntriggers: [{kind: schedule, cron: '* * *'}]\n", "bad_schedule", 2, 29),
    ("steps: [{name: a, sleep: 1s}]\ntriggers: [{kind: schedule, cron: '0 0 30 2 *'}]\n", "bad_schedule", 2, 29),
    ("steps: [{name: a, sleep: 1s}]\ntriggers: [{kind: schedule, every: 5s}]\n", "bad_duration", 2, 29),
    ("steps: [{name: a, sleep: 1s}]\ntriggers: [{kind: schedule, every: 5m, time_zone: ../etc}]\n", "bad_schedule", 2, 40),
    ("steps: [{name: a, sleep: 1s}]\ntriggers: [{kind: event, event: 'a.*.b'}]\n", "bad_event", 2, 26),
    ("steps: [{name: a, sleep: 1s}]\ntriggers: [{kind: cosmic}]\n", "not_allowed", 2, 13),
    ("steps: [{name: a, sleep: 1s}]\nconcurrency: sometimes\n", "not_allowed", 2, 1),
]


@pytest.mark.parametrize(("text", "code", "line", "column"), WRONG)
def test_what_is_wrong_is_told_with_its_place(text, code, line, column) -> None:
    compiled = compile_text(text)
    assert not compiled.valid
    found = [each for each in compiled.findings.items if each.code == code]
    assert [(each.line, each.column) for each in found][:1] == [(line, column)], compiled.findings.items


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def nested_steps(levels: int) -> list[Any]:
    steps: list[Any] = [{"name": "last", "sleep": "1s"}]
    for level in range(levels):
        steps = [{"name": f"s{level}", "parallel": {"only": steps}}]
    return steps


BOMBS: dict[str, Any] = {
    "ten thousand steps": {"steps": [{"name": f"s{place}", "sleep": "1s"} for place in range(10_000)]},
    "201 steps": {"steps": [{"name": f"s{place}", "sleep": "1s"} for place in range(201)]},
    "deep parameters": {"steps": [{"name": "a", "action": "b", "parameters": {"x": deep(40)}}]},
    "deep steps": {"steps": nested_steps(6)},
    "many arms": {"steps": [{"name": "a", "parallel": {f"a{place}": [] for place in range(50)}}]},
    "300 KB": {"steps": [{"name": "a", "action": "b", "parameters": {"x": "y" * 300_000}}]},
    "many values": {"steps": [{"name": "a", "action": "b", "parameters": {"x": [0] * 30_000}}]},
    "not a number": {"steps": [{"name": "a", "action": "b", "parameters": {"x": float("nan")}}]},
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_too_much_is_refused_soon(name) -> None:
    value = BOMBS[name]
    for compile in (lambda: compile_value(value), lambda: compile_text(json.dumps(value))):
        began = time.perf_counter()
        compiled = compile()
        assert time.perf_counter() - began < 5
        assert not compiled.valid
        assert compiled.plan is None
        assert len(compiled.findings.items) <= 100


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 50_000, "- " * 50_000, "a:\n" * 3, "\x00", "\ud800", "'" * 999, "%YAML 9"]
)
def test_no_text_breaks_the_reader(text) -> None:
    compiled = compile_text(text)
    assert not compiled.valid
    assert compiled.findings.items


@given(st.text(max_size=200))
@settings(max_examples=40, deadline=None)
def test_any_text_is_judged(text) -> None:
    compiled = compile_text(text)
    assert compiled.plan is None
    assert compiled.findings.items


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
@settings(max_examples=40, deadline=None)
def test_json_read_as_yaml_is_the_same_value(value) -> None:
    compiled = compile_text(json.dumps({"steps": value}))
    if compiled.source.value is not None:
        assert compiled.source.value == {"steps": value}


@given(JSON)
@settings(max_examples=20, deadline=None)
def test_any_value_in_any_field_is_judged(value) -> None:
    step = {"name": "a", "action": "b"}
    for name in (
        "parameters",
        "retry",
        "timeout",
        "if",
        "integration",
        "save_as",
        "branch",
        "for_each",
        "parallel",
        "wait_for_event",
    ):
        compile_value({"steps": [{**step, name: value}]})
    for name in ("inputs", "triggers", "cleanup", "outputs", "concurrency", "defaults", "steps"):
        compile_value({"steps": [step], name: value})


KEYS = st.integers(0, 10_000).map(lambda number: f"k{number}")
SAFE = st.text("abc $§ü{\n\"'#:-é", max_size=12).map(lambda text: text.replace("${", "$${"))
TEMPLATES = st.one_of(
    SAFE, st.sampled_from(["${inputs.a}", "x ${inputs.b[0].c} y", '${default(inputs.a, "{{")}', "{{ .inputs.a }}"])
)
VALUES = st.recursive(
    TEMPLATES | st.integers(-99, 99) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SAFE, inner, max_size=3),
    max_leaves=5,
)
PARAMETERS = st.dictionaries(SAFE, VALUES, max_size=3)
SECONDS = st.integers(1, 10**6).map(float)
ACTIONS = st.builds(
    Action,
    action=st.sampled_from(["load", "acme.note.create"]),
    action_kind=st.sampled_from(["server", "worker", "http", "control"]),
    integration=st.sampled_from([None, "main"]),
    parameters=PARAMETERS,
    queue=st.sampled_from(["default", "slow"]),
)
SIMPLE = st.one_of(
    ACTIONS,
    st.builds(Sleep, seconds=SECONDS),
    st.builds(
        WaitForEvent, event=st.just("slack.message.posted"), match=PARAMETERS, condition=st.sampled_from(["", "event.x > 1"])
    ),
    st.builds(SubAutomation, automation=st.just("other"), inputs=st.none() | PARAMETERS, wait=st.booleans()),
)


def steps_of(tasks: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    step = st.builds(
        Step,
        key=KEYS,
        name=st.sampled_from(["", "A title"]),
        task=tasks,
        condition=st.sampled_from(["", "inputs.a == 1"]),
        retry=st.sampled_from([Retry(), Retry(max_attempts=4, delay=2.5)]),
        timeout=st.none() | SECONDS,
        on_error=st.sampled_from(["fail", "continue"]),
        save_as=st.sampled_from(["", "kept"]),
    )
    return st.lists(step, min_size=1, max_size=3).map(tuple)


def blocks_of(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(
            Branch,
            cases=st.builds(Case, condition=st.just("inputs.a > 1"), steps=inner).map(lambda case: (case,)),
            otherwise=inner,
        ),
        st.builds(
            ForEach,
            items=st.just("${inputs.list}") | st.lists(st.integers(-(2**63), 2**64 - 1), max_size=2),
            as_name=st.just("row"),
            steps=inner,
        ),
        st.builds(Parallel, arms=st.tuples(st.builds(Arm, key=st.just("one"), steps=inner))),
    )


TRIGGERS = st.sampled_from(
    [
        Trigger(
            key="a", kind="event", event="github.*", condition="event.x == 1", concurrency=Concurrency(policy="skip", limit=3)
        ),
        Trigger(key="b", kind="schedule", cron="0 9 * * *", time_zone="Europe/Berlin", misfire="skip"),
        Trigger(key="c", kind="schedule", every=300.0, enabled=False),
        Trigger(key="d", kind="http", signed=True, name="Form", inputs={"x": "${event.y}"}),
        Trigger(key="e", kind="manual"),
        Trigger(key="f", kind="entity", event="linear.issue.updated", source_type="entity"),
    ]
)
PLANS = st.builds(
    Plan,
    name=st.sampled_from(["", "A plan"]),
    inputs=st.sampled_from([(), (Input(name="a", type="integer", default=1), Input(name="b", required=True))]),
    steps=steps_of(SIMPLE | blocks_of(steps_of(SIMPLE))),
    cleanup=st.just(()) | steps_of(ACTIONS),
    outputs=st.none() | PARAMETERS,
    concurrency=st.sampled_from(
        [Concurrency(), Concurrency(policy="replace"), Concurrency(policy="queue", key="${inputs.a}", limit=2)]
    ),
    timeout=st.none() | SECONDS,
    triggers=st.lists(TRIGGERS, max_size=3, unique_by=lambda trigger: trigger.key).map(tuple),
)


def has_twins(plan: Plan) -> bool:
    keys = [step.key for step, _ in plan.every_step()]
    return len(keys) != len(set(keys))


@given(PLANS.filter(lambda plan: not has_twins(plan)))
@settings(max_examples=30, deadline=None)
def test_any_plan_survives_both_spellings(plan: Plan) -> None:
    for write in (to_api, to_authoring):
        value = write(plan)
        for compiled in (compile_value(value), compile_text(to_yaml(value)), compile_text(json.dumps(value))):
            assert compiled.findings.items == []
            assert compiled.plan == plan


@pytest.mark.parametrize("number", [-(2**63), 2**63, 2**64 - 1])
def test_a_number_that_json_may_hold_may_stand_in_a_file(number: int) -> None:
    value = {"steps": [{"name": "a", "action": "load", "parameters": {"x": number}}]}
    assert compile_text(to_yaml(value)).plan == compile_text(json.dumps(value)).plan == compile_value(value).plan is not None


@pytest.mark.parametrize("text", ["{{", "{{{", "a{{b", "{{ .inputs.a }}"])
def test_braces_alone_survive_both_spellings(text: str) -> None:
    plan = compile_value({"steps": [{"name": "a", "action": "load", "parameters": {"x": text}}]}).plan
    assert plan is not None
    assert [compile_value(write(plan)).plan for write in (to_api, to_authoring)] == [plan, plan]


def test_schedules_across_a_change_of_clocks() -> None:
    spring = next_fire("30 2 * * *", None, "Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert spring == datetime(2026, 3, 29, 1, tzinfo=UTC)
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    fires = []
    for _ in range(2):
        autumn = next_fire("30 2 * * *", None, "Europe/Berlin", autumn)
        fires.append(autumn)
    assert fires == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]
    assert next_fire("", 300.0, "UTC", datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)) == datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
    due, now = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert missed("", 300.0, "UTC", due, now) == 13


def test_the_reader_of_specs_opens_no_file_and_imports_nothing_of_a_spec(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    compile_text(f"steps: !!python/object/apply:pathlib.Path.touch ['{mark}']")
    assert not mark.exists()
