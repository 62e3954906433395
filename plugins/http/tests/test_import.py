"""Descriptions, good and poor, on the way to a definition."""

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerstrip.adapter import DocumentRefused, Imported
from powerstrip_http.importing import read
from powerstrip_http.refs import BadRef, Refs

USER = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "boss": {"$ref": "#/components/schemas/User"}},
    "required": ["id"],
}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def spec(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A small description of OpenAPI 3.0."""
    base = {"openapi": "3.0.3", "info": {"title": "Acme"}, "servers": [{"url": "https://api.acme.example/v1"}], "paths": paths}
    return base | {"components": {"schemas": {"User": USER}}} | more


def operation(**more: Any) -> dict[str, Any]:
    """One that answers a user."""
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}
    return {"responses": {"200": answer}} | more


def only(imported: Imported) -> dict[str, Any]:
    """The one operation of an import."""
    (made,) = imported.definition["operations"].values()
    return made


def test_an_operation_with_its_parameters_and_a_schema_that_holds_itself() -> None:
    query = {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}, "explode": False}
    found = read(spec({"/users/{id}": {"parameters": [ID], "get": operation(operationId="getUser", parameters=[query])}}))
    assert (found.operations, found.imported, found.refused) == (1, 1, {})
    made = only(found)
    assert list(found.definition["operations"]) == ["get_user"]
    assert made["fields"]["id"] == {"in": "path", "name": "id", "style": "simple", "explode": False}
    assert made["fields"]["tags"]["explode"] is False
    assert made["required"] == ["id"]
    assert found.definition["schemas"]["User"]["properties"]["boss"] == {"$ref": "#/$defs/User"}


def test_ids_are_the_same_at_every_import_and_told_apart_where_they_are_not() -> None:
    paths = {
        "/a": {"get": operation(operationId="list")},
        "/b": {"get": operation(operationId="list")},
        "/c/{x}": {"get": operation()},
    }
    first, second = read(spec(paths)), read(spec(dict(reversed(paths.items()))))
    names = set(first.definition["operations"])
    assert names == set(second.definition["operations"])
    assert len(names) == 3
    assert "get_c_by_x" in names
    assert "list" not in names
    assert any("list stands at 2 operations" in words for words in first.warnings)


@pytest.mark.parametrize(
    ("scheme", "kind", "config"),
    [
        ({"type": "http", "scheme": "bearer"}, "bearer", {}),
        ({"type": "http", "scheme": "basic"}, "basic", {}),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, "api_key", {"auth_header": "X-Key"}),
        ({"type": "apiKey", "in": "query", "name": "key"}, "api_key", {"auth_query_param": "key"}),
        ({"type": "mutualTLS"}, "mtls", {}),
        (
            {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://id.acme.example/token", "scopes": {}}}},
            "oauth2_client_credentials",
            {"token_url": "https://id.acme.example/token"},
        ),
    ],
)
def test_ways_to_sign_in(scheme: dict[str, Any], kind: str, config: dict[str, str]) -> None:
    document = spec({"/me": {"get": operation()}}, components={"schemas": {"User": USER}, "securitySchemes": {"own": scheme}})
    found = read(document)
    assert [(each.kind, dict(each.config)) for each in found.sign_in] == [(kind, config)]


def test_a_token_among_the_parameters_is_the_way_to_sign_in_and_no_input() -> None:
    token = {"name": "X-Acme-Token", "in": "header", "required": True, "schema": {"type": "string"}}
    found = read(spec({"/me": {"get": operation(parameters=[token])}}))
    assert only(found)["fields"] == {}
    assert found.sign_in[0].config == {"auth_header": "X-Acme-Token"}


def test_what_cannot_be_sent_is_refused_with_its_reason() -> None:
    cookie = {"name": "session", "in": "cookie", "required": True, "schema": {"type": "string"}}
    elsewhere = operation(servers=[{"url": "https://upload.other.example"}])
    remote = operation(parameters=[{"$ref": "https://evil.example/parameters.json#/x"}])
    paths = {
        "/a": {"get": operation(parameters=[cookie]), "options": operation()},
        "/b": {"put": elsewhere},
        "/c": {"get": remote},
    }
    found = read(spec(paths))
    assert (found.operations, found.imported) == (4, 0)
    reasons = {"GET /a": "cookie session", "OPTIONS /a": "OPTIONS", "PUT /b": "another address", "GET /c": "not fetched"}
    for name, words in reasons.items():
        assert words in found.refused[name]
    assert all(any(words.startswith(f"{name} is not imported") for words in found.warnings) for name in reasons)


def test_remote_and_missing_schemas_are_told_and_passed_on() -> None:
    body = {"content": {"application/json": {"schema": {"$ref": "http://127.0.0.1:9/schema.json"}}}}
    found = read(
        spec(
            {
                "/x": {"post": operation(requestBody=body)},
                "/y": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/nowhere"}}}}}}},
            }
        )
    )
    assert found.imported == 2
    assert any("127.0.0.1" in words and "not fetched" in words for words in found.warnings)
    assert any("#/nowhere is not in the document" in words for words in found.warnings)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("application/vnd.acme+json; charset=utf-8", "json"),
        ("application/x-www-form-urlencoded", "form"),
        ("multipart/form-data", "multipart"),
        ("application/octet-stream", "binary"),
        ("text/csv", "text"),
    ],
)
def test_kinds_of_bodies(content: str, kind: str) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "file": {"type": "string", "format": "binary"}}}
    found = read(spec({"/x": {"post": operation(requestBody={"required": True, "content": {content: {"schema": schema}}})}}))
    made = only(found)
    assert made["body"]["kind"] == kind
    assert ("file" in made["fields"]) is (kind in ("json", "form", "multipart"))
    assert made["fields"].get("file", {}).get("file", False) is (kind == "multipart")


def test_pages_and_pickers_are_guessed_and_put_before_a_person() -> None:
    listed = {
        "type": "object",
        "properties": {
            "data": {"type": "array", "items": {"$ref": "#/components/schemas/User"}},
            "next_cursor": {"type": "string"},
        },
    }
    cursor = {"name": "cursor", "in": "query", "schema": {"type": "string"}}
    users = {
        "get": {
            "operationId": "listUsers",
            "parameters": [cursor],
            "responses": {"200": {"content": {"application/json": {"schema": listed}}}},
        }
    }
    found = read(spec({"/users": users, "/users/{id}": {"parameters": [ID], "get": operation(operationId="getUser")}}))
    made = found.definition
    assert made["operations"]["list_users"]["page"] == {"style": "cursor", "field": "cursor", "next": "next_cursor"}
    assert made["pickers"] == {"user": {"operation": "list_users", "items": "data", "value": "id", "label": "id", "depends": []}}
    assert made["operations"]["get_user"]["input"]["id"]["x-picker"] == "user"
    assert any("pickers" in words for words in found.todo)


def test_swagger_2_and_a_list_where_one_schema_belongs() -> None:
    values = {"type": "array", "items": [{"type": "string"}, {"type": "integer"}]}
    text = {"name": "text", "in": "formData", "type": "string", "required": True}
    answer = {"200": {"schema": {"type": "object", "properties": {"all": values}}}}
    document = {
        "swagger": "2.0",
        "host": "api.acme.example",
        "basePath": "/v2",
        "schemes": ["https"],
        "consumes": ["application/x-www-form-urlencoded"],
        "paths": {"/say": {"post": {"operationId": "chat_say", "parameters": [text], "responses": answer}}},
    }
    found = read(document)
    made = only(found)
    assert found.config["base_url"] == "https://api.acme.example/v2"
    assert (made["body"]["kind"], made["required"]) == ("form", ["text"])
    assert made["answer"]["schema"]["properties"]["all"]["items"] == {"anyOf": [{"type": "string"}, {"type": "integer"}]}


def test_operations_by_hand_take_the_same_way() -> None:
    found = read(
        {
            "title": "Acme",
            "base_url": "https://api.acme.example",
            "operations": {"users.get": {"get": "/users/{id}", "input": {"id": {"type": "string"}}}},
        }
    )
    assert (list(found.definition["operations"]), found.title) == (["users.get"], "Acme")
    with pytest.raises(DocumentRefused, match="no field 'gett'"):
        read({"operations": {"users.get": {"gett": "/users"}}})


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"openapi": "4.0.0", "paths": {"/a": {}}},
        {"openapi": "3.0.0"},
        {"openapi": "3.0.0", "paths": []},
        {"swagger": "1.2", "paths": {"/": {}}},
    ],
)
def test_documents_that_are_none(document: dict[str, Any]) -> None:
    with pytest.raises(DocumentRefused):
        read(document)


def test_circles_bombs_and_depth_end() -> None:
    circle = {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
    bomb = {
        f"L{n}": {"type": "object", "properties": {k: {"$ref": f"#/components/schemas/L{n + 1}"} for k in "abcdefgh"}}
        for n in range(40)
    }
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(500):
        deep = {"type": "array", "items": deep}
    schemas = circle | bomb | {"L40": {"type": "string"}, "Deep": deep, "User": USER}
    content = {
        name: {
            "post": operation(
                requestBody={"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name[1:]}"}}}}
            )
        }
        for name in ("/A", "/L0", "/Deep")
    }
    found = read(spec(content, components={"schemas": schemas}))
    assert found.imported == 3
    assert len(json.dumps(found.definition)) < 100_000


Plain = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
Json = st.recursive(
    Plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(Json, st.text(max_size=20))
@settings(max_examples=150, deadline=None)
def test_any_reference_into_any_document_is_found_or_refused(value: Any, ref: str) -> None:
    refs = Refs({"x": value})
    for each in (ref, f"#/{ref}", f"#/x/{ref}"):
        try:
            refs.follow({"$ref": each})
        except BadRef:
            continue


@given(
    st.dictionaries(
        st.sampled_from(("a", "b", "c", "d")),
        st.sampled_from(("a", "b", "c", "d")).map(lambda name: {"$ref": f"#/{name}"}),
        min_size=1,
    )
)
def test_chains_of_references_always_end(chains: dict[str, Any]) -> None:
    for name in chains:
        with pytest.raises(BadRef):
            Refs(chains).follow({"$ref": f"#/{name}"})


RICH: dict[str, Any] = {
    "parameters": [ID],
    "put": operation(
        operationId="put",
        summary="Change",
        tags=["users"],
        parameters=[{"name": "tags", "in": "query", "style": "form", "explode": False, "schema": {"type": "array", "items": {}}}],
        requestBody={
            "content": {
                "multipart/form-data": {
                    "encoding": {"n": {"contentType": "text/plain"}},
                    "schema": {"allOf": [{"required": ["n"], "properties": {"n": {"type": "integer", "minimum": 1}}}]},
                }
            }
        },
    ),
    "get": operation(
        parameters=[{"name": "cursor", "in": "query", "schema": {"type": "string", "enum": ["a"]}}],
        responses={
            "200": {
                "headers": {"Link": {}},
                "content": {"application/json": {"schema": {"properties": {"items": {"type": "array", "items": USER}}}}},
            }
        },
        security=[{"own": []}],
        servers=[{"url": "https://{at}.example", "variables": {"at": {"default": "api"}}}],
    ),
}
POOR: list[Any] = [None, True, 5, "x", "#/", [], [None], [5], {}, {"$ref": 5}, {"$ref": "#/"}, {"a": None}]


def test_a_description_with_each_part_spoilt_in_each_way_never_breaks() -> None:
    flows = {"own": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://id.example/t", "scopes": {}}}}}
    whole = spec({"/users/{id}": RICH}, components={"schemas": {"User": USER}, "securitySchemes": flows})
    for place in list(_places(whole, ())):
        for poor in POOR:
            document = copy.deepcopy(whole)
            holder: Any = document
            for part in place[:-1]:
                holder = holder[part]
            holder[place[-1]] = copy.deepcopy(poor)
            with contextlib.suppress(DocumentRefused):
                found = read(document)
                assert found.imported + len(found.refused) == found.operations, (place, poor)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_description_with_any_part_spoilt_is_imported_or_refused_and_never_breaks(data: st.DataObject) -> None:
    body = {
        "content": {"application/json": {"schema": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}}}
    }
    document = copy.deepcopy(spec({"/users/{id}": {"parameters": [ID], "put": operation(operationId="put", requestBody=body)}}))
    places = list(_places(document, ()))
    place = data.draw(st.sampled_from(places))
    holder: Any = document
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] = data.draw(Json)
    with contextlib.suppress(DocumentRefused):
        found = read(document)
        json.dumps(found.definition)
        assert found.imported + len(found.refused) == found.operations


def _places(node: Any, path: tuple[Any, ...]) -> Any:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, each in items:
        yield (*path, key)
        yield from _places(each, (*path, key))


@pytest.mark.parametrize("path", ["/../../admin", "/a/%2e%2e/b", "/a/./b", "/a\\..\\b", "/a\r\nHost: x"])
def test_an_operation_that_could_never_be_sent_is_not_imported(path: str) -> None:
    imported = read(spec({path: {"get": operation()}, "/fine": {"get": operation()}}))
    assert imported.imported == 1
    assert "nothing could be sent there" in imported.refused[f"GET {path}"]


def test_a_header_that_no_request_can_carry_is_not_imported() -> None:
    header = {"name": "x\r\ny", "in": "header", "schema": {"type": "string"}}
    imported = read(spec({"/a": {"get": operation(parameters=[header])}}))
    assert imported.refused == {"GET /a": "it names a header that no request can carry"}


def test_ways_to_sign_in_that_nobody_declares_are_told_and_consents_are_told_once() -> None:
    flow = {"authorizationUrl": "https://acme.example/a", "tokenUrl": "https://acme.example/t", "scopes": {}}
    schemes = {name: {"type": "oauth2", "flows": {"authorizationCode": flow}} for name in ("one", "two")}
    document = spec({"/a": {"get": operation()}}, security=[{"one": []}, {"ghost": []}])
    document["components"] = {"schemas": {"User": USER}, "securitySchemes": schemes}
    warnings = read(document).warnings
    assert [each for each in warnings if "consent" in each] == [
        next(each for each in warnings if each.startswith("one, two: OAuth"))
    ]
    assert "The document asks to sign in by 'ghost' and does not say what that is" in warnings
