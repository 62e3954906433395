"""What changed between two contracts: JSON Schemas, actions, whole providers. Each difference says whether it breaks callers.

For an input it breaks to ask for more or to take less; for an output to give less or something else. What cannot be judged for
sure (a changed pattern, a regrouped union) counts as breaking: it is looked at before it is applied.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, cast

from powerstrip.catalog.manifest import ActionManifest, EventManifest, ProviderManifest, Value

Kind: TypeAlias = Literal["breaking", "additive", "deprecated"]
Direction: TypeAlias = Literal["input", "output"]
Schema: TypeAlias = Mapping[str, Any]
MAX_DEPTH = 24
MAX_CHANGES = 1000
_LESS_WHEN_LARGER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_LESS_WHEN_SMALLER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_WORD = {"input": "takes", "output": "gives"}


class Change(Value):
    """One thing that changed. `where` is an action's or event's id, then the field: `users.get input.id`."""

    kind: Kind
    where: str
    what: str


def schema_changes(old: Schema, new: Schema, direction: Direction, where: str = "") -> list[Change]:
    """What changed between two self-contained schemas (`#/$defs/…`, cycles allowed) of what is taken or given."""
    return list(_Walk(old, new, direction).walk(old, new, where or direction, 0))


def action_changes(old: Sequence[ActionManifest], new: Sequence[ActionManifest]) -> list[Change]:
    """What changed between two sets of actions, the breaking first."""
    before, after = {each.id: each for each in old}, {each.id: each for each in new}
    spellings = {alias: each for each in new for alias in each.aliases}
    found: list[Change] = []
    for name, each in before.items():
        successor = after.get(name) or spellings.get(each.name)
        gone = Change(kind="breaking", where=name, what="The action is gone")
        found += [gone] if successor is None else list(_action(each, successor))
    found += [Change(kind="additive", where=name, what="The action is new") for name in after if name not in before]
    return _sorted(found)


def differences(old: ProviderManifest, new: ProviderManifest) -> list[Change]:
    """What changed between two versions of an adapter: actions, events, pickers, ways to sign in, settings."""
    found = [*action_changes(old.actions, new.actions), *_events(old.events, new.events)]
    found += _gone_and_new("picker", {each.id for each in old.pickers}, {each.id for each in new.pickers})
    found += _gone_and_new("auth", {each.kind for each in old.auths}, {each.kind for each in new.auths})
    found += schema_changes(old.config_schema, new.config_schema, "input", "config")
    forms = {each.kind: each.form for each in new.auths}
    for each in old.auths:
        if each.kind in forms:
            found += schema_changes(each.form, forms[each.kind], "input", f"auth {each.kind}")
    if old.base_url != new.base_url:
        found.append(Change(kind="breaking", where="base_url", what="Requests go elsewhere: credentials must be entered again"))
    return _sorted(found)


def _sorted(changes: Iterable[Change]) -> list[Change]:
    order = ("breaking", "deprecated", "additive")
    return sorted(changes, key=lambda each: (order.index(each.kind), each.where, each.what))[:MAX_CHANGES]


def _action(old: ActionManifest, new: ActionManifest) -> Iterator[Change]:
    if new.id != old.id:
        yield Change(kind="deprecated", where=old.id, what=f"It is called {new.id} now; the old name still works")
    elif new.deprecated and not old.deprecated:
        yield Change(kind="deprecated", where=old.id, what=new.deprecated)
    hints, now = old.annotations, new.annotations
    if (hints.read_only and not now.read_only) or (now.destructive and not hints.destructive):
        yield Change(
            kind="breaking", where=old.id, what="It does more than before: it is not read-only any more, or cannot be undone"
        )
    yield from schema_changes(old.input_schema, new.input_schema, "input", f"{old.id} input")
    yield from schema_changes(old.output_schema, new.output_schema, "output", f"{old.id} output")


def _events(old: Sequence[EventManifest], new: Sequence[EventManifest]) -> Iterator[Change]:
    after = {each.id: each for each in new}
    yield from _gone_and_new("event", {each.id for each in old}, set(after))
    for each in old:
        if each.id in after:
            yield from schema_changes(each.data_schema, after[each.id].data_schema, "output", f"{each.id} data")


def _gone_and_new(word: str, old: set[str], new: set[str]) -> Iterator[Change]:
    for each in sorted(old - new):
        yield Change(kind="breaking", where=f"{word} {each}", what="It is gone")
    for each in sorted(new - old):
        yield Change(kind="additive", where=f"{word} {each}", what="It is new")


class _Walk:
    """Compares two schemas side by side. Pairs of shared schemas are compared once."""

    def __init__(self, old: Schema, new: Schema, direction: Direction) -> None:
        self._old, self._new, self._direction = old, new, direction
        self._seen: set[tuple[str, str]] = set()

    def walk(self, old: Schema, new: Schema, place: str, depth: int) -> Iterator[Change]:
        pair = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if depth > MAX_DEPTH or (any(pair) and pair in self._seen):
            return
        self._seen.add(pair)
        old, new = _local(old, self._old), _local(new, self._new)
        if old == new and "$ref" not in str(old):
            return
        yield from self._types(old, new, place)
        yield from self._values(old, new, place)
        yield from self._limits(old, new, place)
        yield from self._fields(old, new, place, depth)
        for key in ("items", "additionalProperties"):
            if isinstance(old.get(key), Mapping) and isinstance(new.get(key), Mapping):
                inner = f"{place}[]" if key == "items" else f"{place}.*"
                yield from self.walk(old[key], new[key], inner, depth + 1)
        yield from self._unions(old, new, place, depth)

    def _types(self, old: Schema, new: Schema, place: str) -> Iterator[Change]:
        before, after = _types(old), _types(new)
        if before == after:
            return
        more, less = _beyond(after, before), _beyond(before, after)
        breaks = less if self._direction == "input" else more
        told = f"It {_WORD[self._direction]} {_named(after)}, and did {_named(before)}"
        yield Change(kind="breaking" if breaks else "additive", where=place, what=told)

    def _values(self, old: Schema, new: Schema, place: str) -> Iterator[Change]:
        before, after = _enum(old), _enum(new)
        if before == after:
            return
        gone = after is not None and (before is None or bool(before - after))
        fresh = before is not None and (after is None or bool(after - before))
        if gone:
            kind: Kind = "breaking" if self._direction == "input" else "additive"
            yield Change(kind=kind, where=place, what="Fewer values are allowed")
        if fresh:
            yield Change(kind="additive", where=place, what="More values are possible")

    def _limits(self, old: Schema, new: Schema, place: str) -> Iterator[Change]:
        if self._direction == "output":
            return
        for keys, larger in ((_LESS_WHEN_LARGER, True), (_LESS_WHEN_SMALLER, False)):
            for key in keys:
                before, after = old.get(key), new.get(key)
                if before != after:
                    narrower = after is not None and (before is None or (after > before) is larger)
                    yield Change(
                        kind="breaking" if narrower else "additive", where=place, what=f"{key} is {after}, and was {before}"
                    )
        for key in ("pattern", "const"):
            if new.get(key) is not None and new.get(key) != old.get(key):
                yield Change(kind="breaking", where=place, what=f"Its {key} is another")

    def _fields(self, old: Schema, new: Schema, place: str, depth: int) -> Iterator[Change]:
        before, after = _properties(old), _properties(new)
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        asked = self._direction == "input"
        for name in before:
            if name not in after:
                open_still = asked and new.get("additionalProperties", True) is not False
                yield Change(kind="additive" if open_still else "breaking", where=f"{place}.{name}", what="The field is gone")
        for name, each in after.items():
            where = f"{place}.{name}"
            if name not in before:
                must = asked and name in needs
                yield Change(
                    kind="breaking" if must else "additive",
                    where=where,
                    what=f"The field is new{' and required' if must else ''}",
                )
                continue
            if asked and name in needs - needed:
                yield Change(kind="breaking", where=where, what="The field is required now")
            elif not asked and name in needed - needs:
                yield Change(kind="breaking", where=where, what="The field may be missing now")
            elif asked and name in needed - needs:
                yield Change(kind="additive", where=where, what="The field is optional now")
            if each.get("deprecated") and not before[name].get("deprecated"):
                yield Change(kind="deprecated", where=where, what="The field is deprecated")
            yield from self.walk(before[name], each, where, depth + 1)

    def _unions(self, old: Schema, new: Schema, place: str, depth: int) -> Iterator[Change]:
        for key in ("anyOf", "oneOf", "allOf"):
            before, after = cast("list[Any]", old.get(key, [])), cast("list[Any]", new.get(key, []))
            if len(before) == len(after):
                for one, other in zip(before, after, strict=True):
                    yield from self.walk(one, other, place, depth + 1)
            elif before != after:
                fewer = len(after) < len(before)
                less = fewer if key != "allOf" else not fewer
                breaks = less if self._direction == "input" else not less
                yield Change(
                    kind="breaking" if breaks else "additive",
                    where=place,
                    what=f"It has {len(after)} forms, and had {len(before)}",
                )


def _local(schema: Schema, root: Schema) -> Schema:
    for _ in range(MAX_DEPTH):
        ref = schema.get("$ref")
        if not isinstance(ref, str):
            break
        schema = cast("Mapping[str, Any]", root.get("$defs", {})).get(ref.removeprefix("#/$defs/"), {})
    return schema


def _properties(schema: Schema) -> dict[str, Schema]:
    found = schema.get("properties", {})
    return {name: each if isinstance(each, Mapping) else {} for name, each in cast("Mapping[str, Any]", found).items()}


def _types(schema: Schema) -> frozenset[str]:
    """Its types; empty where it takes any."""
    declared = schema.get("type", ())
    return frozenset([declared] if isinstance(declared, str) else cast("list[str]", declared))


def _beyond(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether `one` has types that `other` has not; an empty set is all types, and a number may be an integer."""
    if not other:
        return False
    wider = other | ({"integer"} if "number" in other else frozenset[str]())
    return not one or bool(one - wider)


def _named(types: frozenset[str]) -> str:
    return " or ".join(sorted(types)) or "anything"


def _enum(schema: Schema) -> frozenset[str] | None:
    if "const" in schema:
        return frozenset([repr(schema["const"])])
    return frozenset(map(repr, schema["enum"])) if "enum" in schema else None
