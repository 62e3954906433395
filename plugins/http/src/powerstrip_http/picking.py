"""Pickers, guessed: which list operation offers the values of a field that names a thing."""

import re
from dataclasses import dataclass
from typing import cast

from powerstrip_http.names import singular, snake
from powerstrip_http.paging import fields_of, items_of
from powerstrip_http.refs import Node
from powerstrip_http.shapes import Shapes

LABELS = (
    "name",
    "title",
    "label",
    "full_name",
    "display_name",
    "displayName",
    "subject",
    "email",
    "login",
    "summary",
    "friendly_name",
)
_PARAMETER = re.compile(r"\{[^{}]+\}")
_VERSION = re.compile(r"v?\d+(\.\d+)*|api|rest|json", re.IGNORECASE)


@dataclass(frozen=True)
class Listing:
    """A list operation: what it lists, where its entries stand, and the fields that must be filled before it can be asked."""

    operation: str
    path: str
    noun: str
    items: str
    entry: Node
    depends: tuple[str, ...]


def listings(operations: dict[str, Node], shapes: Shapes) -> list[Listing]:
    """Those operations that read a list of things."""
    found: list[Listing] = []
    for key, each in operations.items():
        if each["method"] != "GET" or not (items := items_of(each["answer"], shapes)):
            continue
        last = each["path"].rstrip("/").rpartition("/")[2]
        needs = [name for name in each["required"] if each["fields"][name]["in"] != "path"]
        if needs or "{" in last:
            continue
        noun = singular(last.rpartition(".")[0] or last)
        depends = tuple(name for name, how in each["fields"].items() if how["in"] == "path")
        found.append(Listing(key, each["path"].rstrip("/"), noun, items[0], items[1], depends))
    return found


def guess(operations: dict[str, Node], shapes: Shapes) -> dict[str, Node]:
    """The pickers by id. Fields that one fits get its name as `x-picker` in their schema."""
    known = listings(operations, shapes)
    pickers: dict[str, Node] = {}
    for key, each in operations.items():
        for field, how in each["fields"].items():
            fitting = [one for one in known if one.operation != key and _fits(one, each, field, how)]
            if not fitting:
                continue
            best = min(fitting, key=lambda one: (len(one.depends), len(one.path), one.path))
            value = _value(best, str(how.get("name", field)), shapes)
            if value and set(best.depends) <= set(each["fields"]) - {field}:
                each["input"][field] = {**each["input"][field], "x-picker": _keep(pickers, best, value, shapes)}
    return pickers


def _fits(listing: Listing, operation: Node, field: str, how: Node) -> bool:
    if how["in"] == "path":
        before = operation["path"].partition(f"/{{{how['name']}}}")[0]
        return _plain(before) == _plain(listing.path)
    if how["in"] not in ("query", "body") or listing.depends or not listing.noun or _VERSION.fullmatch(listing.noun):
        return False
    name = snake(str(how.get("name", field)))
    return name in (f"{listing.noun}_id", f"{listing.noun}_key", f"{listing.noun}_sid") or (
        name == listing.noun and operation["input"][field].get("type") == "string"
    )


def _plain(path: str) -> str:
    return _PARAMETER.sub("{}", path).removesuffix(".json")


def _value(listing: Listing, name: str, shapes: Shapes) -> str:
    """The entry's field that such a parameter takes."""
    fields = fields_of(listing.entry, shapes)
    word = snake(name).removeprefix(f"{listing.noun}_")
    for wanted in (name, word, "id", f"{listing.noun}_id", "sid", "uuid", "key", "slug", "name"):
        if match := next((each for each in fields if snake(each) == snake(wanted)), ""):
            return match
    return ""


def _keep(pickers: dict[str, Node], listing: Listing, value: str, shapes: Shapes) -> str:
    fields = fields_of(listing.entry, shapes)
    label = next((name for name in LABELS if name in fields), value)
    made = {
        "operation": listing.operation,
        "items": listing.items,
        "value": value,
        "label": label,
        "depends": list(listing.depends),
    }
    base = listing.noun or "value"
    base = base if base[0].isalpha() else f"a_{base}"
    for number in range(1, 1000):
        key = base if number == 1 else f"{base}_{number}"
        if cast(object, pickers.setdefault(key, made)) == made:
            return key
    return base
