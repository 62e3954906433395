"""Google's API discovery documents in the words of OpenAPI 3.

Source: developers.google.com/discovery/v1/reference/apis.
"""

from collections.abc import Iterator
from typing import Any, cast

from powerstrip_http.refs import Node

AUTHORIZE = "https://accounts.google.com/o/oauth2/auth"


def from_discovery(given: Node) -> Node:
    """An OpenAPI document of the same operations and schemas."""
    base = str(given.get("rootUrl", "")) + str(given.get("servicePath", ""))
    schemas = {name: _schema(each) for name, each in cast(Node, given.get("schemas", {})).items()}
    paths: Node = {}
    for method in _methods(given):
        path = "/" + str(method.get("path", "")).lstrip("/")
        paths.setdefault(path, {})[str(method.get("httpMethod", "GET")).lower()] = _operation(method)
    flow: Node = {"authorizationUrl": AUTHORIZE, "scopes": {}}
    schemes: Node = {"oauth2": {"type": "oauth2", "flows": {"implicit": flow}}} if "auth" in given else {}
    return {
        "openapi": "3.1.0",
        "info": {"title": given.get("title", ""), "version": given.get("version", "")},
        "servers": [{"url": base.rstrip("/")}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": schemes},
    }


def _methods(node: Node) -> Iterator[Node]:
    yield from cast(Node, node.get("methods", {})).values()
    for each in cast(Node, node.get("resources", {})).values():
        yield from _methods(each)


def _operation(method: Node) -> Node:
    parameters = [_parameter(name, each) for name, each in cast(Node, method.get("parameters", {})).items()]
    made: Node = {
        "operationId": method.get("id", ""),
        "description": method.get("description", ""),
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
    }
    if "request" in method:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(method["request"])}}}
    if "response" in method:
        made["responses"]["200"]["content"] = {"application/json": {"schema": _schema(method["response"])}}
    return made


def _parameter(name: str, given: Node) -> Node:
    schema = {key: value for key, value in _schema(given).items() if key not in ("location", "required", "repeated")}
    if given.get("repeated"):
        schema = {"type": "array", "items": schema}
    required = given.get("required") is True or given.get("location") == "path"
    return {"name": name, "in": given.get("location", "query"), "required": required, "schema": schema}


def _schema(given: Any) -> Any:
    """Their schemas name others by bare words, and say `any` and `required: true` in the property itself."""
    if isinstance(given, list):
        return [_schema(each) for each in cast(list[Any], given)]
    if not isinstance(given, dict):
        return given
    node = cast(Node, given)
    if isinstance(node.get("$ref"), str):
        return {"$ref": f"#/components/schemas/{node['$ref']}"}
    kept = {key: value for key, value in node.items() if not (key == "required" or (key == "type" and value == "any"))}
    return {key: _schema(value) for key, value in kept.items()}
