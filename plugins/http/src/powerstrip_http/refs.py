"""References within a document: JSON pointers (RFC 6901) in URI fragments, as OpenAPI's `$ref` has them.

Nothing is ever fetched: a reference to another document is told, not followed.
"""

from typing import Any, cast
from urllib.parse import unquote

Node = dict[str, Any]
MAX_HOPS = 32
"""References that lead to references, one after the other."""


class BadRef(ValueError):
    """A reference that cannot be followed. The message says why, with the reference itself."""


class Refs:
    """Follows the references of one document."""

    def __init__(self, document: Node) -> None:
        self._document = document

    def find(self, ref: object) -> Any:
        """What a reference names. Raises `BadRef`."""
        if not isinstance(ref, str):
            raise BadRef("a $ref that is no text")
        shown = ref[:120]
        if not ref.startswith("#"):
            raise BadRef(f"{shown} is another document, which is not fetched: put that part into this document")
        if ref not in ("#", "#/") and not ref.startswith("#/"):
            raise BadRef(f"{shown} is an anchor; only references such as #/components/schemas/Name are followed")
        found: Any = self._document
        for part in unquote(ref[2:]).split("/") if len(ref) > 2 else ():
            found = _step(found, part.replace("~1", "/").replace("~0", "~"), shown)
        return found

    def follow(self, node: object) -> Any:
        """The node itself, or what its chain of references ends at. Raises `BadRef`, also for a chain that ends nowhere."""
        seen: set[str] = set()
        while isinstance(node, dict) and "$ref" in node:
            ref = cast(Node, node)["$ref"]
            if ref in seen or len(seen) >= MAX_HOPS:
                raise BadRef(f"{str(ref)[:120]} leads in a circle")
            node = self.find(ref)
            seen.add(ref)
        return cast(Any, node)

    def object(self, node: object) -> Node:
        """The same where an object is needed. Raises `BadRef` for anything else."""
        found = self.follow(node)
        if not isinstance(found, dict):
            raise BadRef("an object is expected here, and there is something else")
        return cast(Node, found)


def _step(found: Any, part: str, shown: str) -> Any:
    if isinstance(found, dict) and part in found:
        return cast(Node, found)[part]
    if (
        isinstance(found, list)
        and part.isascii()
        and part.isdigit()
        and len(part) < 7
        and int(part) < len(cast(list[Any], found))
    ):
        return cast(list[Any], found)[int(part)]
    raise BadRef(f"{shown} is not in the document")
