"""From an operation's responses to what its action gives."""

from typing import Any, cast

from powerstrip_http.documents import Document, Found
from powerstrip_http.fields import kind_of
from powerstrip_http.names import one_line
from powerstrip_http.refs import BadRef, Node
from powerstrip_http.shapes import Shapes, fits_type

FINE = ("200", "201", "202", "203", "204", "206", "2XX", "2xx", "default")


class Answers:
    """Reads the answer of an operation that went well."""

    def __init__(self, document: Document, shapes: Shapes) -> None:
        self._refs = document.refs
        self._shapes = shapes

    def read(self, found: Found) -> Node:
        """`kind` says how the answer becomes an object: itself, its `items`, its `value`, `text`, `content`, or nothing.

        `open` where the document does not say: then what comes decides.
        """
        response = self._response(found)
        content = cast(Node, response.get("content") if isinstance(response.get("content"), dict) else {})
        kinds = {kind_of(each): each for each in reversed(list(content))}
        links = "Link" in response.get("headers", {}) if isinstance(response.get("headers"), dict) else False
        for kind in ("json", "text", "binary"):
            if kind in kinds:
                media = content[kinds[kind]]
                made = self._media(kind, cast(Node, media) if isinstance(media, dict) else {})
                return made | ({"links": True} if links else {})
        return {"kind": "open", "schema": {}}

    def _response(self, found: Found) -> Node:
        responses = found.node.get("responses")
        given = cast(Node, responses) if isinstance(responses, dict) else {}
        given = {str(status): each for status, each in given.items()}
        for status in FINE:
            try:
                node = self._refs.object(given[status]) if status in given else None
            except BadRef:
                continue
            if node is not None and (node.get("content") or status == FINE[-1]):
                return node
        return {}

    def _media(self, kind: str, media: Node) -> Node:
        if kind != "json":
            return {"kind": "text" if kind == "text" else "content"}
        schema = self._shapes.of(media.get("schema", {}))
        form = self.form(schema)
        made: Node = {"kind": form, "schema": schema}
        example = _example(media)
        if example is not None and form == "object" and isinstance(example, dict) and fits_type(cast(object, example), schema):
            made["example"] = example
        return made

    def form(self, schema: Node, depth: int = 0) -> str:
        """object, list or value by the schema; open where it does not tell."""
        schema = self._shapes.local(schema)
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return "object"
        if kind == "array" or (kind is None and "items" in schema):
            return "list"
        if isinstance(kind, str):
            return "value"
        for key in ("allOf", "anyOf"):
            if key in schema and depth < 8:
                forms = {self.form(each, depth + 1) for each in schema[key]} - ({"open"} if key == "allOf" else set[str]())
                return forms.pop() if len(forms) == 1 else "open"
        return "open"


def _example(media: Node) -> Any:
    if "example" in media:
        return media["example"]
    examples = media.get("examples")
    for each in cast(Node, examples).values() if isinstance(examples, dict) else ():
        if isinstance(each, dict) and "value" in each:
            return cast(Node, each)["value"]
    return None


def summary_of(found: Found) -> tuple[str, str]:
    """An operation's title and what it does."""
    title = one_line(found.node.get("summary"), 80)
    words = one_line(found.node.get("description"), 600) or title
    return title or found.name, words or found.name
