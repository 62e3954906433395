"""From parameters and bodies to the fields of an action's input, and how each goes over the wire."""

import re
from typing import Any, cast

from powerstrip.adapter.rules import is_secret_name
from powerstrip_http.documents import Document, Found
from powerstrip_http.names import field_name, one_line
from powerstrip_http.refs import BadRef, Node
from powerstrip_http.shapes import Shapes

STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
}
OWNED = frozenset(("accept", "content-type", "user-agent", "host", "content-length", "transfer-encoding", "connection"))
"""Headers that are the hub's to set, or that OpenAPI says to pass over."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
"""A header's name: RFC 9110, 5.1."""
_IDEMPOTENCY = re.compile(r"(x-)?idempotency-key", re.IGNORECASE)
_TOKENS = re.compile(r"(x-.*)?(token|api-?key|auth(orization)?)|x-.*-(token|key)|authorization", re.IGNORECASE)
_IN_PATH = re.compile(r"\{([^{}]+)\}")


class CannotImport(ValueError):
    """Why one operation is not imported. Shown to people."""


def is_credential(name: str, place: str) -> bool:
    """Whether a parameter carries the credential itself: that is the way to sign in, not an input."""
    secret = is_secret_name(name.replace("-", "_"))
    return place in ("header", "query") and (secret or (place == "header" and bool(_TOKENS.fullmatch(name))))


class Fields:
    """Collects the fields of one operation. `wire` tells for each where it goes; `schemas` what it holds."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self.wire: dict[str, Node] = {}
        self.schemas: dict[str, Node] = {}
        self.required: list[str] = []
        self.idempotency = ""
        self.fixed: list[list[str]] = []
        self.credentials: list[tuple[str, str]] = []

    def add(self, name: str, place: str, schema: Node, how: Node | None = None, *, required: bool) -> str:
        """One field; returns the name it has, which is another where it is taken."""
        field = name if name not in self.wire else f"{place}_{name}"
        if field in self.wire:
            raise CannotImport(f"it has more than one field {name!r}")
        self.wire[field] = {"in": place, **(how or {})}
        self.schemas[field] = schema
        if required:
            self.required.append(field)
        return field

    def parameters(self, found: Found) -> None:
        """The operation's parameters. Raises `CannotImport`."""
        path, _, query = found.path.partition("?")
        self.fixed = [[name, value] for part in query.split("&") if part for name, _, value in [part.partition("=")]]
        in_path = _IN_PATH.findall(path)
        for node in found.parameters:
            self._parameter(node, in_path)
        known = {how.get("name") for how in self.wire.values() if how["in"] == "path"}
        for name in (each for each in in_path if each not in known):
            self.add(field_name(name), "path", {"type": "string", "minLength": 1}, {"name": name}, required=True)

    def _parameter(self, node: Node, in_path: list[str]) -> None:
        name, place, required = str(node["name"]), str(node["in"]), node.get("required") is True
        if place == "path" and name not in in_path and f"+{name}" in in_path:
            name = f"+{name}"
        if (place == "path" and name not in in_path) or (place == "header" and name.lower() in OWNED):
            return
        if place == "header" and not _TOKEN.fullmatch(name):
            raise CannotImport("it names a header that no request can carry")
        if place == "header" and _IDEMPOTENCY.fullmatch(name):
            self.idempotency = name
        elif is_credential(name, place):
            self.credentials.append((place, name))
        elif place in STYLES:
            self._plain(node, name, place, required or place == "path")
        elif place == "cookie" and required:
            raise CannotImport(f"it needs the cookie {name}, and the hub sends none")

    def _plain(self, node: Node, name: str, place: str, required: bool) -> None:
        how: Node = {"name": name}
        schema: Any = node.get("schema")
        if isinstance(node.get("content"), dict) and node["content"]:
            kind, media = next(iter(cast(Node, node["content"]).items()))
            if "json" not in kind:
                raise CannotImport(f"its parameter {name} is written as {kind}")
            empty: Any = {}
            how["style"], schema = "json", cast(Node, media).get("schema") if isinstance(media, dict) else empty
        else:
            style = str(node.get("style") or STYLES[place][0])
            if style not in STYLES[place]:
                raise CannotImport(f"its parameter {name} has the style {style}, which a {place} parameter cannot have")
            how |= {"style": style, "explode": node.get("explode", style in ("form", "deepObject")) is not False}
        made = self._shapes.of(schema if schema is not None else {})
        words = one_line(node.get("description"))
        self.add(field_name(name), place, {**made, **({"description": words} if words else {})}, how, required=required)


class Bodies:
    """Reads an operation's body into fields."""

    def __init__(self, document: Document, shapes: Shapes) -> None:
        self._refs = document.refs
        self._shapes = shapes

    def read(self, found: Found, fields: Fields) -> Node | None:
        """How the body is sent; None for no body. Raises `CannotImport`."""
        if "requestBody" not in found.node or found.method in ("GET", "HEAD"):
            return None
        try:
            body = self._refs.object(found.node["requestBody"])
        except BadRef as error:
            raise CannotImport(f"its body cannot be followed: {error}") from None
        content = body.get("content")
        if not isinstance(content, dict) or not content:
            return None
        media_type, kind = chosen(list(cast(Node, content)))
        media = cast(Node, content[media_type]) if isinstance(content[media_type], dict) else {}
        return self._fill(fields, kind, media_type, media, required=body.get("required") is True)

    def _fill(self, fields: Fields, kind: str, media_type: str, media: Node, *, required: bool) -> Node | None:
        how: Node = {"kind": kind, "media_type": sendable(media_type, kind)}
        if kind in ("binary", "text"):
            schema: Node = {"$ref": "#/$defs/Content"} if kind == "binary" else {"type": "string"}
            return how | {"field": fields.add("body", "body", schema, required=required)}
        plain = self._shapes.plain(media.get("schema"))
        if kind != "json" and not _object(plain):
            if not required:
                return None
            raise CannotImport(f"its body is {media_type} without named fields")
        if not self._flat(plain, fields, kind):
            return how | {"field": fields.add("body", "body", self._shapes.of(media.get("schema", {})), required=required)}
        self._spread(fields, plain, kind, required=required)
        if isinstance(media.get("encoding"), dict):
            how["encoding"] = _encodings(cast(Node, media["encoding"]))
        return how

    def _flat(self, plain: Node, fields: Fields, kind: str) -> bool:
        """Whether the body's fields can stand beside the parameters: an object of plain names, all of them known."""
        if kind in ("form", "multipart"):
            return True
        names = _properties_of(plain)
        others = any(key in plain for key in ("allOf", "anyOf", "oneOf", "patternProperties"))
        more = isinstance(plain.get("additionalProperties"), dict)
        taken = {field_name(name) for name in names} & set(fields.wire)
        return bool(names) and not (others or more or taken) and all(field_name(name) == name for name in names)

    def _spread(self, fields: Fields, plain: Node, kind: str, *, required: bool) -> None:
        properties, needed = self._properties(plain)
        for name, each in properties.items():
            own = self._shapes.plain(each)
            if own.get("readOnly") is True:
                continue
            if is_credential(name, "query") and name in ("token", "api_key"):
                continue
            schema = self._shapes.of(each)
            file = kind == "multipart" and _is_file(own)
            schema = _as_file(own, schema) if file else schema
            how = {"name": name} | ({"file": True} if file else {})
            fields.add(field_name(name), "body", schema, how, required=required and name in needed)

    def _properties(self, plain: Node, depth: int = 0) -> tuple[Node, list[Any]]:
        """The fields of an object, those of its `allOf` parts among them."""
        properties, needed, parts = dict(_properties_of(plain)), plain.get("required"), plain.get("allOf")
        needed = list(cast(list[Any], needed)) if isinstance(needed, list) else []
        for part in cast(list[Any], parts) if isinstance(parts, list) and depth < 8 else []:
            more, also = self._properties(self._shapes.plain(part), depth + 1)
            properties, needed = {**more, **properties}, [*needed, *also]
        return properties, needed


def chosen(kinds: list[str]) -> tuple[str, str]:
    """The media type to send, and how. Raises `CannotImport` where none can be."""
    for wanted in ("json", "form", "multipart", "text", "binary"):
        for media_type in kinds:
            if kind_of(media_type) == wanted:
                return media_type, wanted
    raise CannotImport(f"its body is {', '.join(kinds)[:80]}, which the hub does not write")


def kind_of(media_type: str) -> str:
    """json, form, multipart, text or binary; empty for what is no media type."""
    plain = media_type.partition(";")[0].strip().lower()
    if plain in ("application/json", "*/*", "text/json") or plain.endswith("+json") or plain.startswith("application/json"):
        return "json"
    if plain == "application/x-www-form-urlencoded":
        return "form"
    if plain in ("multipart/form-data", "application/form-data"):
        return "multipart"
    if plain.startswith("text/") or plain.endswith(("/xml", "+xml", "/graphql", "/x-ndjson", "/yaml")):
        return "text"
    return "binary" if re.fullmatch(r"[a-z*]+/[a-z0-9.+*_-]+", plain) and not plain.startswith("multipart/") else ""


def sendable(media_type: str, kind: str) -> str:
    """The content type of a request: the document's own words where they name one exactly."""
    plain = media_type.partition(";")[0].strip().lower()
    usual = {"json": "application/json", "multipart": "multipart/form-data", "binary": "application/octet-stream"}
    return usual[kind] if "*" in plain or kind == "multipart" else plain


def _properties_of(plain: Node) -> Node:
    properties = plain.get("properties")
    return cast(Node, properties) if isinstance(properties, dict) else {}


def _object(plain: Node) -> bool:
    return bool(plain.get("properties") or plain.get("allOf"))


def _is_file(plain: Node) -> bool:
    items = plain.get("items")
    inner = cast(Node, items) if plain.get("type") == "array" and isinstance(items, dict) else plain
    return inner.get("format") == "binary" or inner.get("type") == "file" or "contentMediaType" in inner


def _as_file(plain: Node, schema: Node) -> Node:
    words = {"description": schema["description"]} if "description" in schema else {}
    content: Node = {"$ref": "#/$defs/Content"}
    return ({"type": "array", "items": content} if plain.get("type") == "array" else content) | words


def _encodings(given: Node) -> Node:
    made: Node = {}
    for name, each in given.items():
        if isinstance(each, dict):
            kept = {key: cast(Node, each)[key] for key in ("style", "explode", "contentType") if key in each}
            made[name] = kept
    return made
