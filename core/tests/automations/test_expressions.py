"""Templates are data, conditions are bounded."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerstrip.automations.expressions import (
    Condition,
    ConditionFailed,
    ConditionRefused,
    Reference,
    TemplateFailed,
    TemplateRefused,
    parse_dollar,
    parse_mustache,
    render,
)

SCOPE = {"inputs": {"n": 3, "list": [1, {"a": "x"}], "text": "hi", "none": None, "weird key": 1}, "steps": {}}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("${inputs.n}", 3),
        ("${inputs.list}", [1, {"a": "x"}]),
        ("${inputs.list[1].a}", "x"),
        ("${inputs.list.0}", 1),
        ('${inputs["weird key"]}', 1),
        ("n=${inputs.n}, ${inputs.none}, ${inputs.list}", 'n=3, , [1,{"a":"x"}]'),
        ('${default(inputs.missing.deep, "else")}', "else"),
        ("${upper(default(inputs.none, inputs.text))}!", "HI!"),
        ('${join(inputs.list, "-")}', '1-{"a":"x"}'),
        ("${length(inputs.list)}", 2),
        ("${first(keys(inputs))}", "list"),
        ("$${inputs.n} costs $5", "${inputs.n} costs $5"),
        ("{{ .inputs.n }}", "{{ .inputs.n }}"),
        ("${1}", 1),
        ("", ""),
    ],
)
def test_what_a_template_gives(template, value) -> None:
    assert render({"at": [template]}, SCOPE) == {"at": [value]}


@pytest.mark.parametrize(
    "text",
    [
        "${inputs.n",
        "${}",
        "${inputs.}",
        "${inputs[x]}",
        "${inputs[-1]}",
        "${''.__class__.__mro__}",
        "${inputs.n + 1}",
        "${eval(inputs.n)}",
        "${default(inputs.n)}",
        "${upper(inputs.n}",
        "${" + "upper(" * 20 + "inputs.n" + ")" * 20 + "}",
        "${inputs" + ".a" * 40 + "}",
        "${inputs.n}" * 101,
        "${inputs.n}" + "x" * 20_000,
    ],
)
def test_what_is_no_template_is_refused_and_not_run(text) -> None:
    with pytest.raises(TemplateRefused):
        parse_dollar(text)


def test_names_of_python_are_paths_and_nothing_else() -> None:
    for text in ("${inputs.__class__}", "${inputs.text.__len__}", "${inputs.list.append}"):
        with pytest.raises(TemplateFailed, match="There is nothing at inputs"):
            render(text, SCOPE)


def test_a_missing_path_is_named_up_to_what_is_missing() -> None:
    with pytest.raises(TemplateFailed, match=r"nothing at inputs\.list\[5\]$"):
        render("${inputs.list[5].name}", SCOPE)


def test_output_is_capped_however_it_is_made() -> None:
    scope = {"inputs": {"big": "x" * 300_000, "list": ["y" * 1000] * 2000}}
    for value in (["${inputs.big}"] * 4, "${inputs.big}" * 4, "${join(inputs.list, inputs.big)}", ["${inputs.list}"]):
        began = time.perf_counter()
        with pytest.raises(TemplateFailed) as failure:
            render(value, scope)
        assert failure.value.code == "too_large"
        assert time.perf_counter() - began < 2
    deep: list = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(TemplateFailed, match="nested deeper"):
        render(deep, scope)


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True).filter(lambda name: name not in ("true", "false", "null"))
PATHS = st.tuples(NAMES, st.lists(st.one_of(NAMES, st.integers(0, 99), PLAIN), max_size=4)).map(
    lambda parts: str(Reference((parts[0], *parts[1])))
)


@given(st.lists(st.one_of(PLAIN.map(lambda text: text.replace("${", "$${")), PATHS.map(lambda path: f"${{{path}}}")), max_size=6))
def test_both_spellings_say_the_same(pieces) -> None:
    try:
        template = parse_dollar("".join(pieces))
    except TemplateRefused:
        return
    assert parse_dollar(template.dollar()) == template
    assert parse_mustache(template.mustache()) == template


@pytest.mark.parametrize("text", ["{${A}", "{{{${A}", '${"$"}${A}', 'a$${"$"}${A}{', "{{", '${"{"}${A}'])
def test_a_mark_before_a_reference_is_no_part_of_it(text) -> None:
    template = parse_dollar(text)
    assert parse_dollar(template.dollar()) == template
    assert parse_mustache(template.mustache()) == template


@given(st.text(max_size=60))
def test_any_text_is_a_template_or_refused(text) -> None:
    for parse in (parse_dollar, parse_mustache):
        with suppress(TemplateRefused):
            parse(text)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("event.n > 2 && event.kind == 'paid'", True),
        ("event.list.exists(x, x.id == 'b')", True),
        ("event.list.all(x, x.n > 1)", False),
        ("has(event.missing) && event.missing.deep == 1", False),
        ("event.kind.matches('^p.*d$')", True),
        ("meta.at < timestamp('2027-01-01T00:00:00Z')", None),
        ("event.missing == 1", None),
        ("event.n", None),
        ("event.n / 0 > 1", None),
        ("event.kind > 3", None),
    ],
)
def test_what_a_condition_says(text, verdict) -> None:
    condition = Condition(text, ("event", "meta"))
    data = {"event": {"n": 3, "kind": "paid", "list": [{"id": "a", "n": 1}, {"id": "b", "n": 2}]}, "meta": {"at": "x"}}
    if verdict is None:
        with pytest.raises(ConditionFailed):
            condition.holds(data)
        assert condition.judge(data).matches is False
        assert condition.judge(data).reason
    else:
        assert condition.judge(data) == type(condition.judge(data))(verdict)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "event.n >",
        "x" * 2001,
        "(" * 25 + "true" + ")" * 25,
        "other.n == 1",
        "bogus(event.n)",
        "event.l.all(a, event.l.all(b, a == b))",
        "event.l.all /* */ (a, event.l . exists(b, a == b))",
        "event.l.map(a, event.l).size() > 0",
        "event.l.filter(a, true).size() > 0",
        "event.s.matches(event.pattern)",
        "event.l.exists(a, a.matches('x'))",
        "event.s.matches('" + "a" * 300 + "')",
        "size(cel.bind(a, event, a)) > 0",
        "event.a.all(x, true) && event.b.all(x, true) && event.c.all(x, true) && event.d.all(x, true)",
        'event.s == "unclosed',
        "event.`a` == 1",
    ],
)
def test_a_condition_that_is_none_or_could_run_long_is_refused(text) -> None:
    with pytest.raises(ConditionRefused):
        Condition(text, ("event", "meta"))


def test_the_longest_that_a_condition_may_take() -> None:
    """The dearest things within the limits are quick, and what is dearer does not begin."""
    pair = {"event": {"l": list(range(400)), "s": "a" * 10}}
    for text in ("event.l.all(a, event.l == event.l)", "event.l.all(a, a in event.l)"):
        began = time.perf_counter()
        Condition(text, ("event",)).judge(pair)
        assert time.perf_counter() - began < 1
    huge = {"event": {"l": list(range(5000)), "s": "a" * 200_000}}
    for text in ("event.l.all(a, event.l == event.l)", "event.l.all(a, event.s + 'x' != 'y')"):
        assert Condition(text, ("event",)).judge(huge).reason == "The data is too large for this condition"
    evil = {"event": {"s": "a" * 50_000}}
    began = time.perf_counter()
    assert Condition("event.s.matches('(a+)+$b')", ("event",)).judge(evil).matches is False
    assert time.perf_counter() - began < 0.5
