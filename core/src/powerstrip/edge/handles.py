"""Secrets that travel in a body, and not as proof of identity: a handle stands for each until the request is sent.

A provider may be told a signing secret, or tell one that it made. Either way the adapter sees a placeholder.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias, cast
from urllib.parse import quote_plus

from powerstrip.adapter import Content, Request, Response
from powerstrip.edge.errors import Refused
from powerstrip.edge.scrub import Scrub
from powerstrip.value import Value

Take: TypeAlias = Callable[[str], str]
"""Keeps a secret that a provider made, and gives the placeholder to show instead."""
FORM = "application/x-www-form-urlencoded"


class Lift(Value):
    """Take the text at this dotted path out of the answers to writes."""

    path: str
    take: Take


def filled(request: Request, secrets: Mapping[str, str]) -> Request:
    """The request with secrets in place of their placeholders, in a JSON or form body.

    Raises `Refused` for a placeholder anywhere else: an address or a header is logged by others.
    """
    for placeholder, secret in secrets.items():
        request = _filled(request, placeholder, secret)
    return request


def _filled(request: Request, placeholder: str, secret: str) -> Request:
    outside = (request.target, *(text for pair in (*request.params, *request.headers) for text in pair))
    if any(placeholder in text for text in outside):
        raise Refused("The adapter puts a secret into an address or a header", "header")
    mark = placeholder.encode()
    if isinstance(request.body, Content) or mark not in request.body:
        return request
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if kind == FORM:
        told = quote_plus(secret)
    elif kind == "application/json" or kind.endswith("+json"):
        told = json.dumps(secret)[1:-1]
    else:
        raise Refused("The adapter puts a secret into a body that is neither JSON nor a form", "header")
    return replace(request, body=request.body.replace(mark, told.encode()))


def lifted(response: Response, lift: Lift) -> Response:
    """The answer with a placeholder where the provider's secret was; the same where there is none."""
    steps = lift.path.split(".")
    try:
        whole: Any = json.loads(response.body)
    except (ValueError, RecursionError):
        return response
    holder: Any = whole
    for step in steps[:-1]:
        holder = cast(dict[str, Any], holder).get(step) if isinstance(holder, dict) else None
    if not isinstance(holder, dict):
        return response
    found = cast(dict[str, Any], holder)
    secret = found.get(steps[-1])
    if not isinstance(secret, str) or not secret:
        return response
    found[steps[-1]] = lift.take(secret)
    return Scrub([secret]).response(replace(response, body=json.dumps(whole, ensure_ascii=False).encode()))
