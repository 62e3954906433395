"""One way to read OpenAPI 3.0 and 3.1, Swagger 2.0, Google's discovery documents, and operations written by hand.

The older and other forms are turned into OpenAPI 3's words, an operation at a time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

from powerstrip.adapter import DocumentRefused
from powerstrip_http.discovery import from_discovery
from powerstrip_http.handwritten import from_operations
from powerstrip_http.names import one_line
from powerstrip_http.refs import BadRef, Node, Refs

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_FORMATS = {"csv": ("form", False), "multi": ("form", True), "ssv": ("spaceDelimited", False), "pipes": ("pipeDelimited", False)}
_SCHEMA_KEYS = (
    *("type", "format", "items", "default", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength"),
    *("maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "multipleOf"),
)


@dataclass(frozen=True)
class Found:
    """One operation of a document. `problem` says why it cannot be read further, where it cannot."""

    method: str
    path: str
    node: Node
    parameters: list[Node] = field(default_factory=list[Node])
    problem: str = ""

    @property
    def name(self) -> str:
        """As people meet it: `GET /users`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Document:
    """A description, its references at hand."""

    node: Node
    refs: Refs
    swagger: bool
    title: str

    def operations(self) -> Iterator[Found]:
        """Every operation, in the document's order."""
        for path, item in cast(Node, self.node["paths"]).items():
            if not path.startswith("/"):
                continue
            try:
                item = self.refs.object(item)
            except BadRef as error:
                yield Found("*", path, {}, problem=f"its path cannot be followed: {error}")
                continue
            for method in METHODS:
                if method in item:
                    yield self._operation(method.upper(), path, item, item[method])

    def _operation(self, method: str, path: str, item: Node, given: object) -> Found:
        if not isinstance(given, dict):
            return Found(method, path, {}, problem="it is no object")
        node = cast(Node, given)
        try:
            parameters = self._parameters(item.get("parameters"), node.get("parameters"))
        except BadRef as error:
            return Found(method, path, node, problem=f"a parameter cannot be followed: {error}")
        if "servers" not in node and "servers" in item:
            node = {**node, "servers": item["servers"]}
        if self.swagger:
            node, parameters = self._modern(node, parameters)
        return Found(method, path, node, parameters)

    def _parameters(self, *lists: object) -> list[Node]:
        """Those of the path and then the operation's, which replace them. Raises `BadRef`."""
        found: dict[tuple[str, str], Node] = {}
        for each in lists:
            for given in cast(list[Any], each) if isinstance(each, list) else []:
                node = self.refs.object(given)
                if isinstance(node.get("name"), str) and isinstance(node.get("in"), str):
                    found[(node["in"], node["name"])] = node
        return list(found.values())

    def _modern(self, node: Node, parameters: list[Node]) -> tuple[Node, list[Node]]:
        """An operation of Swagger 2.0 in the words of OpenAPI 3."""
        takes = _texts(node.get("consumes")) or _texts(self.node.get("consumes")) or ["application/json"]
        gives = _texts(node.get("produces")) or _texts(self.node.get("produces")) or ["application/json"]
        plain = [_typed(each) for each in parameters if each["in"] in ("path", "query", "header")]
        node = {**node, "responses": self._answers(node.get("responses"), gives)}
        form = [each for each in parameters if each["in"] == "formData"]
        if form:
            node["requestBody"] = _form(form, takes)
        for body in (each for each in parameters if each["in"] == "body"):
            content = {kind: {"schema": body.get("schema", {})} for kind in takes}
            node["requestBody"] = {"required": body.get("required") is True, "content": content}
        return node, plain

    def _answers(self, responses: object, gives: list[str]) -> Node:
        made: Node = {}
        for status, given in cast(Node, responses).items() if isinstance(responses, dict) else ():
            try:
                response = self.refs.object(given)
            except BadRef:
                continue
            examples = cast(Node, response.get("examples") if isinstance(response.get("examples"), dict) else {})
            content: Node = {}
            for kind in gives if "schema" in response else ():
                content[kind] = {"schema": response["schema"]} | ({"example": examples[kind]} if kind in examples else {})
            made[str(status)] = {**response, "content": content}
        return made


def read_document(given: object) -> Document:
    """Judge what kind of document it is. Raises `DocumentRefused`."""
    if not isinstance(given, dict):
        raise DocumentRefused("This is no API description: an object is expected, with `openapi`, `swagger` or `operations`")
    node = cast(Node, given)
    if node.get("kind") == "discovery#restDescription" or "discoveryVersion" in node:
        node = from_discovery(node)
    elif "operations" in node and "paths" not in node:
        node = from_operations(node)
    version = str(node.get("openapi") or node.get("swagger") or "")
    if not re.match(r"(2\.0|3\.[01](\.\d+)?)(-|$)", version):
        told = f"version {version[:20]!r}" if version else "no `openapi` or `swagger` field"
        raise DocumentRefused(f"OpenAPI 3.0 and 3.1 and Swagger 2.0 are understood; this document has {told}")
    if not isinstance(node.get("paths"), dict) or not node["paths"]:
        raise DocumentRefused("The document has no `paths`, so there is nothing to import")
    info = node.get("info")
    title = one_line(cast(Node, info).get("title"), 80) if isinstance(info, dict) else ""
    return Document(node, Refs(node), version.startswith("2"), title)


def servers_of(node: Node, swagger: bool) -> list[str]:
    """The base URLs that a document names, variables filled with their defaults; relative ones as they stand."""
    if swagger:
        host, base = str(node.get("host") or ""), str(node.get("basePath") or "/")
        schemes = _texts(node.get("schemes")) or ["https"]
        scheme = "https" if "https" in schemes else schemes[0]
        return [f"{scheme}://{host}{base}".rstrip("/")] if host else [base]
    found: list[str] = []
    for each in cast(list[Any], node.get("servers")) if isinstance(node.get("servers"), list) else []:
        if isinstance(each, dict) and isinstance(cast(Node, each).get("url"), str):
            found.append(_filled(cast(Node, each)))
    return found


def absolute(server: str, source: str) -> str:
    """A base URL in full; empty where it is relative and nothing tells to what. `source` is where the document came from."""
    if server.startswith("//"):
        server = "https:" + server
    try:
        if "://" not in server and source:
            server = urljoin(source, server)
        parts = urlsplit(server)
    except ValueError:  # brackets that hold no IPv6 address
        return ""
    return server.rstrip("/") if parts.scheme in ("https", "http") and parts.netloc and "{" not in server else ""


def _filled(server: Node) -> str:
    variables = cast(Node, server.get("variables") if isinstance(server.get("variables"), dict) else {})
    url = str(server["url"])
    for name, each in variables.items():
        if isinstance(each, dict) and "default" in each:
            url = url.replace(f"{{{name}}}", str(cast(Node, each)["default"]))
    return url


def _typed(given: Node) -> Node:
    """A parameter of Swagger 2.0: its schema's words stand in the parameter itself."""
    style, explode = _FORMATS.get(str(given.get("collectionFormat", "csv")), ("form", False))
    made = {key: given[key] for key in ("name", "in", "required", "description", "deprecated") if key in given}
    made["schema"] = {key: given[key] for key in _SCHEMA_KEYS if key in given}
    if given.get("in") == "query" and given.get("type") == "array":
        made |= {"style": style, "explode": explode}
    return made


def _form(fields: list[Node], takes: list[str]) -> Node:
    properties = {each["name"]: {**_typed(each)["schema"], "description": each.get("description", "")} for each in fields}
    required = [each["name"] for each in fields if each.get("required") is True]
    files = any(each.get("type") == "file" for each in fields)
    fit = [kind for kind in takes if kind.startswith((FORM, "multipart/", "application/json"))]
    kinds = [MULTIPART] if files else fit or [FORM]
    schema = {"type": "object", "properties": properties, "required": required}
    forms = [kind for kind in kinds if not kind.startswith("application/json")] or kinds
    return {"required": bool(required), "content": {kind: {"schema": schema} for kind in forms}}


def _texts(value: object) -> list[str]:
    return [each for each in cast(list[Any], value) if isinstance(each, str)] if isinstance(value, list) else []
