"""Operations written by hand, in the words of OpenAPI 3: one way through the importer for all.

title: Acme
base_url: https://api.acme.example/v1
operations:
  users.get:
    get: /users/{id}
    summary: Read a user.
    input: {id: {type: string}}
    output: {type: object, properties: {name: {type: string}}}
"""

from typing import Any, cast

from powerstrip.adapter import DocumentRefused
from powerstrip_http.refs import Node

VERBS = ("get", "head", "post", "put", "patch", "delete")
KNOWN = frozenset((*VERBS, "summary", "title", "input", "query", "headers", "body", "required", "output", "deprecated"))


def from_operations(given: Node) -> Node:
    """An OpenAPI 3.1 document of these operations. Raises `DocumentRefused` with the place that is not understood."""
    operations = given["operations"]
    if not isinstance(operations, dict) or not operations:
        raise DocumentRefused("`operations` holds one object for each operation, by its name, such as users.get")
    paths: Node = {}
    for name, each in cast(Node, operations).items():
        verb, path = _address(name, each)
        if verb in paths.setdefault(path, {}):
            raise DocumentRefused(f"operations.{name}: there is another operation for {verb} {path}")
        paths[path][verb] = _operation(name, cast(Node, each), path, verb)
    return {
        "openapi": "3.1.0",
        "info": {"title": str(given.get("title", ""))},
        "servers": [{"url": str(given["base_url"])}] if "base_url" in given else [],
        "paths": paths,
        "components": {"schemas": given.get("schemas", {}), "securitySchemes": given.get("auth", {})},
    }


def _address(name: str, each: object) -> tuple[str, str]:
    node = cast(Node, each) if isinstance(each, dict) else {}
    if unknown := sorted(set(map(str, node)) - KNOWN):
        raise DocumentRefused(f"operations.{name}: there is no field {unknown[0]!a}; there are: {', '.join(sorted(KNOWN))}")
    found = [(verb, str(node[verb])) for verb in VERBS if verb in node]
    if len(found) != 1 or not found[0][1].startswith("/"):
        raise DocumentRefused(f"operations.{name}: give one method with its path, such as get: /users/{{id}}")
    return found[0]


def _operation(name: str, node: Node, path: str, verb: str) -> Node:
    required = [str(each) for each in cast(list[Any], node.get("required") or [])]
    inputs, query, headers = (_object(name, node, key) for key in ("input", "query", "headers"))
    parameters = [_parameter(key, "query", each, key in required) for key, each in query.items()]
    parameters += [_parameter(key, "header", each, key in required) for key, each in headers.items()]
    body: Node = {}
    for key, each in inputs.items():
        if f"{{{key}}}" in path:
            parameters.append(_parameter(key, "path", each, True))
        elif verb in ("get", "head", "delete"):
            parameters.append(_parameter(key, "query", each, key in required))
        else:
            body[key] = each
    made: Node = {
        "operationId": name,
        "summary": str(node.get("summary") or node.get("title") or ""),
        "parameters": parameters,
        "deprecated": node.get("deprecated") is True,
        "responses": {"200": {"description": "", "content": _json(node["output"]) if "output" in node else {}}},
    }
    if "body" in node:
        made["requestBody"] = {"required": True, "content": _json(node["body"])}
    elif body:
        schema = {"type": "object", "properties": body, "required": [key for key in body if key in required]}
        made["requestBody"] = {"required": bool(schema["required"]), "content": _json(schema)}
    return made


def _object(name: str, node: Node, key: str) -> Node:
    value: object = node.get(key) or {}
    if not isinstance(value, dict):
        raise DocumentRefused(f"operations.{name}.{key}: give an object of JSON Schemas by field name")
    return cast(Node, value)


def _parameter(name: str, place: str, schema: Any, required: bool) -> Node:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _json(schema: Any) -> Node:
    return {"application/json": {"schema": schema}}
