"""How values go over the wire: OpenAPI's parameter styles, and forms.

Sources: OpenAPI 3.0.3 "Style Values"; RFC 6570 for `label` and `matrix`; bracketed names as Stripe's and
other published APIs take them for `deepObject`.
"""

import json
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote

from powerstrip.adapter import Content, Part, Rejected
from powerstrip_http.refs import Node

_JOINED = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|", "simple": ","}


def text_of(value: Any) -> str:
    """One plain value as text; lists and objects as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def in_query(name: str, value: Any, how: Node) -> Iterator[tuple[str, str]]:
    """A parameter as it stands in a query or a form: no pair, one, or several."""
    style, explode = str(how.get("style", "form")), how.get("explode", True) is not False
    match value:
        case None:
            return
        case dict() if style == "deepObject":
            yield from bracketed(name, cast(Node, value))
        case dict() if style == "form" and explode:
            for key, each in cast(Node, value).items():
                yield key, text_of(each)
        case dict() if style != "json":
            yield name, ",".join(part for key, each in cast(Node, value).items() for part in (key, text_of(each)))
        case list() if style == "deepObject":
            yield from bracketed(name, cast(list[Any], value))
        case list() if style != "json" and explode:
            for each in cast(list[Any], value):
                yield name, text_of(each)
        case list() if style != "json":
            yield name, _JOINED[style].join(text_of(each) for each in cast(list[Any], value))
        case _:
            yield name, text_of(value)


def bracketed(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """`items[0][price]=…`: the nested form of a value."""
    match value:
        case None:
            return
        case dict():
            for key, each in cast(Node, value).items():
                yield from bracketed(f"{name}[{key}]", each)
        case list():
            for number, each in enumerate(cast(list[Any], value)):
                yield from bracketed(f"{name}[{number}]", each)
        case _:
            yield name, text_of(value)


def in_path(value: Any, how: Node) -> str:
    """A parameter as it stands in a path, percent-encoded. Raises `Rejected` for an empty one, and for dots alone."""
    style, explode, name = str(how.get("style", "simple")), how.get("explode") is True, str(how["name"])
    items = [text_of(each) for each in cast(list[Any], value)] if isinstance(value, list) else _pairs(value, explode)
    if name.startswith("+"):
        parts = text_of(value).split("/")
        return "/".join(_segment(part) for part in parts)
    if style == "label":
        return "." + (".".join if explode else ",".join)(_segment(each) for each in items)
    if style == "matrix":
        if explode and isinstance(value, list | dict):
            return "".join(f";{each}" if "=" in each else f";{quote(name)}={quote(each, safe='=')}" for each in items)
        return f";{quote(name)}=" + ",".join(_segment(each) for each in items)
    return ",".join(_segment(each) for each in items)


def in_header(name: str, value: Any, how: Node) -> str:
    """A parameter as a header's value. Raises `Rejected` for what a header cannot carry."""
    items = [text_of(each) for each in cast(list[Any], value)] if isinstance(value, list) else None
    text = ",".join(items) if items is not None else ",".join(_pairs(value, how.get("explode") is True))
    if not text.isascii() or not text.isprintable():
        raise Rejected(f"The header {name} can hold printable ASCII characters only")
    return text


def form_pairs(fields: dict[str, Any], encoding: Node) -> list[tuple[str, str]]:
    """A url-encoded form. Nested values are bracketed unless the document says otherwise."""
    pairs: list[tuple[str, str]] = []
    for name, value in fields.items():
        how = cast(Node, encoding.get(name, {}))
        if isinstance(value, dict | list) and not how:
            nested = isinstance(value, dict) or any(isinstance(each, dict | list) for each in cast(list[Any], value))
            how = {"style": "deepObject"} if nested else {"style": "form", "explode": True}
        pairs.extend(in_query(name, value, how))
    return pairs


def parts(fields: dict[str, Any]) -> Iterator[Part]:
    """The parts of a form with files: objects as JSON, several of a list each for itself."""
    for name, value in fields.items():
        for each in cast(list[Any], value) if isinstance(value, list) else [value]:
            if isinstance(each, Content):
                yield Part(name, each, filename=name, media_type=each.media_type or "application/octet-stream")
            elif each is not None:
                yield Part(name, text_of(each), media_type="application/json" if isinstance(each, dict) else "")


def _pairs(value: Any, explode: bool) -> list[str]:
    if not isinstance(value, dict):
        return [text_of(value)]
    items = cast(Node, value).items()
    return [f"{key}={text_of(each)}" for key, each in items] if explode else [t for k, v in items for t in (k, text_of(v))]


def _segment(text: str) -> str:
    if text in ("", ".", ".."):
        raise Rejected("A part of the path is empty or a dot")
    return quote(text, safe="")
