"""S3's XML, read without trusting it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from xml.etree import ElementTree

from pydantic import ValidationError

from powerstrip.adapter import Model, Response, Unavailable

M = TypeVar("M", bound=Model)

Element = ElementTree.Element


@dataclass(frozen=True)
class Failure:
    """What an error document says. `code` is empty when the answer is none."""

    code: str = ""
    words: str = ""


def parse(body: bytes) -> Element:
    """The document's root, its tags without name space. Raises `Unavailable` for anything that is not plain XML.

    A document type is refused before it is parsed: it is where entities are defined that expand without end or read files, and
    S3 sends none. Nor is anything but UTF-8 read, as another encoding could hide it: the parser notices UTF-16 by its NULs,
    whatever it is told.
    """
    try:
        text = body.decode("utf-8").strip()
        if "<!DOCTYPE" in text or "<!ENTITY" in text or "\0" in text:
            raise Unavailable("The store answered with a document type, which S3 does not: it is not read")
        root = ElementTree.fromstring(text)  # noqa: S314 - without a document type there is no entity to expand
    except (UnicodeDecodeError, ElementTree.ParseError):
        raise Unavailable("The store answered with something that is not S3's XML: check the endpoint") from None
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    return root


def error_of(response: Response) -> Failure:
    """The error that an answer names; none for a body that is no error document."""
    if b"<Error" not in response.body[:4096]:
        return Failure()
    try:
        root = parse(response.body)
    except Unavailable:
        return Failure()
    if root.tag != "Error":
        return Failure()
    code, message = text(root, "Code"), text(root, "Message")
    return Failure(code or "Error", ": ".join(part for part in (code, message) if part))


def text(node: Element, path: str) -> str:
    """The text at a path below a node, empty when there is none."""
    return node.findtext(path) or ""


def fill(model: type[M], values: Mapping[str, object]) -> M:
    """A model from texts that the store sent; empty ones count as left out. Raises `Unavailable` when they do not fit."""
    try:
        return model.model_validate({name: value for name, value in values.items() if value not in ("", None)})
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_input=False, include_url=False)[0]["loc"]))
        raise Unavailable(f"The store's answer is not as S3 documents it: {where}") from None
