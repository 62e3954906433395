"""How a list operation gives its pages, guessed from the names of its parameters and of its answer's fields."""

from typing import cast

from powerstrip_http.names import snake
from powerstrip_http.refs import Node
from powerstrip_http.shapes import Shapes

CURSORS = ("cursor", "page_token", "next_token", "starting_after", "start_cursor", "after", "continuation_token", "next_cursor")
PAGES = ("page", "page_number")
OFFSETS = ("offset", "start_at", "skip", "start_index")
SIZES = ("limit", "per_page", "page_size", "max_results", "count", "size")
NEXT = ("next_cursor", "next_page_token", "next_token", "cursor", "continuation_token", "nextPageToken", "nextCursor")
DEEPER = (
    ("paging", "next", "after"),
    ("response_metadata", "next_cursor"),
    ("meta", "next_cursor"),
    ("pages", "next", "starting_after"),
)
LISTS = ("data", "items", "results", "values", "records", "entries", "list")


def page_of(wire: dict[str, Node], answer: Node, shapes: Shapes) -> Node | None:
    """`style`, the `field` that asks for a page, and the `next` path of the answer. None where nothing tells of pages."""
    named = {snake(str(how.get("name", field))): field for field, how in wire.items() if how["in"] == "query"}
    fields = _fields(answer.get("schema", {}), shapes)
    size = next((named[name] for name in SIZES if name in named), None)
    made: Node = {"size": size} if size else {}
    if cursor := next((named[name] for name in CURSORS if name in named), None):
        if path := _next(fields, shapes):
            return {"style": "cursor", "field": cursor, "next": path, **made}
        if "has_more" in fields and cursor == "starting_after":
            return {"style": "last_id", "field": cursor, "next": "has_more", **made}
    for style, names in (("page", PAGES), ("offset", OFFSETS)):
        if field := next((named[name] for name in names if name in named), None):
            return {"style": style, "field": field, **made}
    return {"style": "link", **made} if answer.get("links") else None


def items_of(answer: Node, shapes: Shapes) -> tuple[str, Node] | None:
    """Where the list stands in the answer (empty: it is the answer), and what its entries are. None for no list."""
    schema = shapes.local(answer.get("schema", {}))
    if answer["kind"] == "list":
        return "", shapes.local(cast(Node, schema.get("items", {})))
    if answer["kind"] != "object":
        return None
    lists: dict[str, Node] = {}
    for name, each in _fields(schema, shapes).items():
        field = shapes.local(each)
        if field.get("type") == "array" and isinstance(field.get("items"), dict):
            entry = shapes.local(cast(Node, field["items"]))
            if _fields(entry, shapes):
                lists[name] = entry
    name = next((each for each in LISTS if each in lists), None) or (next(iter(lists)) if len(lists) == 1 else None)
    return (name, lists[name]) if name is not None else None


def fields_of(schema: Node, shapes: Shapes) -> dict[str, Node]:
    """The fields of an object."""
    return _fields(schema, shapes)


def _fields(schema: Node, shapes: Shapes, depth: int = 0) -> dict[str, Node]:
    schema = shapes.local(schema)
    made = dict(cast("dict[str, Node]", schema.get("properties", {})))
    for part in cast("list[Node]", schema.get("allOf", [])) if depth < 6 else []:
        made = {**_fields(part, shapes, depth + 1), **made}
    return made


def _next(fields: dict[str, Node], shapes: Shapes) -> str:
    for name in NEXT:
        if name in fields:
            return name
    for path in DEEPER:
        level = fields
        for part in path:
            if part not in level:
                break
            level = _fields(level[part], shapes)
        else:
            return ".".join(path)
    return ""
