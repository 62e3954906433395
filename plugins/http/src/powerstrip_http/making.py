"""From a definition to actions and pickers: values as those of any adapter, made when they are asked for."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from powerstrip.adapter import (
    Action,
    Annotations,
    Choice,
    Content,
    Described,
    Http,
    IdempotencyKey,
    Page,
    Parts,
    Picker,
    Query,
    Response,
    Unavailable,
    described,
    multipart,
)
from powerstrip.adapter.described import content_schema
from powerstrip_http.refs import Node
from powerstrip_http.wire import form_pairs, in_header, in_path, in_query, parts, text_of

INPUT_BUDGET, OUTPUT_BUDGET = 192 * 1024, 96 * 1024
"""Bytes of one schema with all that it leads to. What lies beyond is passed on unchecked, so that catalogs stay small."""
PICKED = 100
"""Entries that a picker asks for in one page."""


def make(handle: str, definition: Mapping[str, Any]) -> Parts:
    """The actions `handle.operation` and the pickers `handle.noun`."""
    maker = _Maker(handle, definition)
    actions = {f"{handle}.{name}": maker.action(name, each) for name, each in definition["operations"].items()}
    pickers = {f"{handle}.{name}": maker.picker(name, each) for name, each in definition["pickers"].items()}
    return Parts(actions, pickers)


class _Maker:
    def __init__(self, handle: str, definition: Mapping[str, Any]) -> None:
        self._handle = handle
        self._operations = cast("dict[str, Node]", definition["operations"])
        self._defs = cast("dict[str, Node]", definition["schemas"])
        self._title = str(definition.get("title") or handle)

    def action(self, id: str, operation: Node) -> Action[Any, Any]:
        name = "".join(part.title() for part in f"{self._handle}_{id}".replace(".", "_").split("_"))
        files = tuple(field for field, how in operation["fields"].items() if how.get("file")) + _body_file(operation)
        answer = operation["answer"]
        takes = described(f"{name}Input", partial(self._input, operation), files=files)
        held = ("content",) if answer["kind"] == "content" else ()
        gives = described(f"{name}Output", partial(self._output, operation), check="object", files=held)
        return Action(
            id=f"{self._handle}.{id}",
            title=f"{self._title}: {operation['title']}"[:160],
            summary=operation["summary"],
            input=takes,
            output=gives,
            run=_runner(operation, gives),
            annotations=annotations_of(operation["method"]),
            deprecated="Its description says that it is deprecated" if operation.get("deprecated") else "",
            idempotency=IdempotencyKey(operation["idempotency"]) if operation.get("idempotency") else None,
        )

    def picker(self, id: str, told: Node) -> Picker:
        operation = self._operations[told["operation"]]
        summary = f"Values of {told['operation']}: {told['value']}, shown as {told['label']}."
        return Picker(f"{self._handle}.{id}", summary, _pages(operation, told), depends=tuple(told["depends"]))

    def _input(self, operation: Node) -> Node:
        fields = {name: self._picked(each) for name, each in operation["input"].items()}
        schema: Node = {"type": "object", "properties": fields, "required": operation["required"], "additionalProperties": False}
        return self._closed(schema, INPUT_BUDGET)

    def _picked(self, schema: Node) -> Node:
        return {**schema, "x-picker": f"{self._handle}.{schema['x-picker']}"} if "x-picker" in schema else schema

    def _output(self, operation: Node) -> Node:
        answer = operation["answer"]
        schema = self._closed(_wrapped(answer), OUTPUT_BUDGET)
        if "example" in answer:
            schema["examples"] = [answer["example"]]
        return schema

    def _closed(self, schema: Node, budget: int) -> Node:
        """The schema with the shared ones that it leads to, as many as the budget allows, the nearest first."""
        schema = cast(Node, json.loads(json.dumps(schema)))
        used: dict[str, Node] = {}
        waiting, left = _refs(schema), budget
        while waiting:
            name = waiting.pop(0)
            if name in used:
                continue
            each = content_schema() if name == "Content" else self._defs.get(name, {})
            size = len(json.dumps(each))
            left -= size
            used[name] = _open(each) if left > 0 else {"description": "Not described further here."}
            waiting.extend(_refs(used[name]))
        if "$ref" in schema or "allOf" in schema or "anyOf" in schema:
            schema = _flattened(schema, used)
        return schema | ({"$defs": used} if used else {})


def annotations_of(method: str) -> Annotations:
    """What a method promises (RFC 9110, 9.2): reading, repeating, and what cannot be undone."""
    safe = method in ("GET", "HEAD")
    return Annotations(read_only=safe, idempotent=safe or method in ("PUT", "DELETE"), destructive=method == "DELETE")


def _runner(operation: Node, gives: type[Described]) -> Callable[[Http, Described], Any]:
    answer = operation["answer"]

    async def run(http: Http, given: Described) -> Described:
        path, parts = request_of(operation, given.values)
        if answer["kind"] == "content" and operation["method"] == "GET":
            reply = await http.download(path, params=parts["params"], headers=parts["headers"])
        elif answer["kind"] in ("text", "content", "open"):
            reply = await http.send(operation["method"], path, pages=True, **parts)
        elif answer["kind"] == "object" and not answer.get("links"):
            return await _read(http, operation["method"], path, gives, parts)
        else:
            reply = await http.send(operation["method"], path, pages=True, **parts)
        return gives.of(answered(answer, reply))

    return run


async def _read(http: Http, method: str, path: str, gives: type[Described], parts: dict[str, Any]) -> Described:
    """An answer that is the output itself: the edge knows the model, so a sandbox can go on after it."""
    match method:
        case "GET":
            return await http.get(path, returns=gives, params=parts["params"], headers=parts["headers"])
        case "DELETE" if not {"json", "form", "content"} & set(parts):
            return await http.delete(path, returns=gives, params=parts["params"], headers=parts["headers"])
        case "POST":
            return await http.post(path, returns=gives, **parts)
        case "PUT":
            return await http.put(path, returns=gives, **parts)
        case "PATCH":
            return await http.patch(path, returns=gives, **parts)
        case _:
            reply = await http.send(cast(Any, method), path, pages=True, **parts)
            return gives.of(answered({"kind": "object"}, reply))


def request_of(operation: Node, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path and the other parts of an operation's request. Raises `Rejected` for values that a request cannot carry."""
    path, params, headers = (
        str(operation["path"]),
        [(name, value) for name, value in operation.get("fixed", [])],
        dict[str, str](),
    )
    body: dict[str, Any] = {}
    for field, how in cast("dict[str, Node]", operation["fields"]).items():
        if field not in values:
            continue
        name, value = str(how.get("name", field)), values[field]
        match how["in"]:
            case "path":
                path = path.replace(f"{{{name}}}", in_path(value, how))
            case "query":
                params.extend(in_query(name, value, how))
            case "header":
                headers[name] = in_header(name, value, how)
            case _:
                body[name] = value
    return path, {"params": params, "headers": headers} | _body(operation.get("body"), body, headers)


def _body(how: Node | None, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    """The body as the way out takes it; the content type goes into `headers`."""
    if how is None or not body:
        return {}
    if "field" in how:
        value = next(iter(body.values()))
        if how["kind"] == "json":
            return _typed(headers, how) | {"json": value}
        content = value if isinstance(value, Content) else text_of(value).encode()
        return _typed(headers, how) | {"content": content}
    match how["kind"]:
        case "json":
            return _typed(headers, how) | {"json": body}
        case "form":
            return {"form": form_pairs(body, cast(Node, how.get("encoding", {})))}
        case _:
            content, headers["Content-Type"] = multipart(parts(body))
            return {"content": content}


def _typed(headers: dict[str, str], how: Node) -> dict[str, Any]:
    headers["Content-Type"] = str(how["media_type"])
    return {}


def answered(answer: Node, reply: Response) -> dict[str, Any]:
    """A raw answer as the output's values. Raises `Unavailable` where it is not what the description says."""
    match answer["kind"]:
        case "text":
            return {"text": reply.text()}
        case "content":
            content = reply.content or Content(reply.body, media_type=reply.headers.get("content-type"))
            return {"content": content, "media_type": reply.headers.get("content-type", "application/octet-stream")}
        case "open":
            return _whatever(reply)
        case _:
            value = reply.json() if reply.body.strip() else None
            return _shaped(str(answer["kind"]), value) | _following(answer, reply)


def _whatever(reply: Response) -> dict[str, Any]:
    """An answer that the description says nothing of: what comes decides."""
    if not reply.body.strip():
        return {}
    if "json" not in reply.headers.get("content-type", ""):
        return {"text": reply.text()}
    value = reply.json()
    return _shaped("object" if isinstance(value, dict) else "list" if isinstance(value, list) else "value", value)


def _shaped(kind: str, value: Any) -> dict[str, Any]:
    if kind == "value":
        return {"value": value}
    if value is None:
        return {"items": []} if kind == "list" else {}
    if not isinstance(value, dict if kind == "object" else list):
        wanted = "an object" if kind == "object" else "a list"
        raise Unavailable(f"The provider's answer is not as described: it is not {wanted}")
    return cast("dict[str, Any]", value) if kind == "object" else {"items": value}


def _following(answer: Node, reply: Response) -> dict[str, Any]:
    """The address of the next page, from the Link header (RFC 8288)."""
    if not answer.get("links"):
        return {}
    for part in reply.headers.get("link", "").split(","):
        address, _, rest = part.strip().partition(">")
        if address.startswith("<") and 'rel="next"' in rest.replace("'", '"'):
            return {"next_page": address[1:]}
    return {}


def _wrapped(answer: Node) -> Node:
    """The schema of an output: of the answer itself where that is an object."""
    words: Node = {"type": "object", "additionalProperties": True}
    schema: Node
    match answer["kind"]:
        case "object":
            schema = cast(Node, answer["schema"])
        case "list":
            schema = {**words, "properties": {"items": answer["schema"]}, "required": ["items"]}
        case "value":
            schema = {**words, "properties": {"value": answer["schema"]}, "required": ["value"]}
        case "text":
            schema = {**words, "properties": {"text": {"type": "string"}}}
        case "content":
            content: Node = {"$ref": "#/$defs/Content"}
            schema = {**words, "properties": {"content": content, "media_type": {"type": "string"}}, "required": ["content"]}
        case _:
            schema = words
    if answer.get("links") and "properties" in schema:
        fields = {**cast(Node, schema["properties"]), "next_page": {"type": "string"}}
        schema = {**schema, "properties": fields}
    return schema


def _flattened(schema: Node, defs: dict[str, Node]) -> Node:
    """An output or input that is a reference or put together: an object with the fields of its parts, as far as they are told."""
    fields: dict[str, Node] = {}
    required: list[str] = []
    waiting, seen = [schema], 0
    words = ""
    while waiting and seen < 64:
        each, seen = waiting.pop(0), seen + 1
        fields = {**cast("dict[str, Node]", each.get("properties", {})), **fields}
        required += [name for name in each.get("required", []) if "anyOf" not in schema]
        words = words or str(each.get("description", ""))
        if "$ref" in each:
            waiting.append(defs.get(str(each["$ref"]).removeprefix("#/$defs/"), {}))
        waiting += each.get("allOf", []) + each.get("anyOf", [])
    made: Node = {"type": "object", "properties": fields, "additionalProperties": True}
    known = [name for name in dict.fromkeys(required) if name in fields]
    return made | ({"required": known} if known else {}) | ({"description": words} if words else {})


def _open(schema: Node) -> Node:
    """A shared schema that says of its own that further fields may come: these descriptions leave that open."""
    return {**schema, "additionalProperties": schema.get("additionalProperties", True)} if "properties" in schema else schema


def _refs(node: object) -> list[str]:
    found: list[str] = []
    waiting = [node]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, list):
            waiting.extend(cast("list[object]", each))
        elif isinstance(each, dict):
            given = cast(Node, each)
            if isinstance(given.get("$ref"), str):
                found.append(given["$ref"].removeprefix("#/$defs/"))
            waiting.extend(given.values())
    return list(dict.fromkeys(found))


def _body_file(operation: Node) -> tuple[str, ...]:
    body = cast(Node, operation.get("body") or {})
    return (body["field"],) if body.get("kind") == "binary" else ()


def _pages(operation: Node, told: Node) -> Callable[[Http, Query], Any]:
    page = cast(Node, operation.get("page", {}))

    async def pages(http: Http, query: Query) -> Page:
        values: dict[str, Any] = {name: query.values[name] for name in told["depends"] if name in query.values}
        values |= asked(page, query.cursor)
        path, parts = request_of(operation, values)
        answer = await http.get(path, params=parts["params"], headers=parts["headers"])
        entries = entries_of(answer, told["items"])
        choices = [_choice(each, told) for each in entries if told["value"] in each]
        return Page(choices, following(page, answer, entries, query.cursor, told["value"]))

    return pages


def asked(page: Node, cursor: str | None) -> dict[str, Any]:
    """The fields that ask for one page."""
    if not page:
        return {}
    size = {page["size"]: PICKED} if "size" in page else {}
    if cursor is None or page["style"] == "link":
        return size
    number = page["style"] in ("page", "offset")
    return {**size, page["field"]: int(cursor) if number else cursor}


def following(page: Node, answer: Any, entries: list[Node], cursor: str | None, id: str) -> str | None:
    """The cursor of the page after this one; None at the end, and where the description tells of none."""
    match page.get("style"):
        case "cursor":
            found = at(answer, page["next"])
            return str(found) if found else None
        case "last_id":
            return str(entries[-1].get(id)) if entries and at(answer, page["next"]) is True else None
        case "page" if "size" in page and len(entries) >= PICKED:
            return str(int(cursor or 1) + 1)
        case "offset" if "size" in page and len(entries) >= PICKED:
            return str(int(cursor or 0) + len(entries))
        case _:
            return None


def entries_of(answer: Any, path: str) -> list[Node]:
    """The objects of a list, at a dotted path of the answer. Raises `Unavailable` where there is none."""
    found = at(answer, path) if path else answer
    if not isinstance(found, list):
        raise Unavailable("The provider's answer holds no list where its description says")
    return [cast(Node, each) for each in cast("list[object]", found) if isinstance(each, dict)]


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path; None where nothing does."""
    for part in path.split("."):
        value = cast(Node, value).get(part) if isinstance(value, dict) else None
    return value


def _choice(entry: Node, told: Node) -> Choice:
    value = text_of(entry[told["value"]])
    label = entry.get(told["label"])
    return Choice(value, text_of(label) if isinstance(label, str | int) else value)
