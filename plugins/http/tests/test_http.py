"""The adapter: its conformance, the one declared action, and actions made of a definition."""

import json
from typing import Any

import pytest

from powerstrip.adapter import (
    AuthFailed,
    Content,
    Delivery,
    Described,
    Hmac,
    Rejected,
    Response,
    Since,
    StandardWebhooks,
    Unavailable,
    Unverified,
)
from powerstrip.adapter.testing import check, provider
from powerstrip_http import http
from powerstrip_http.events import Place, Watched, entries, receive, scheme
from powerstrip_http.importing import read
from powerstrip_http.making import make, request_of
from powerstrip_http.provider import Send, account, send

test_contract = check(http)

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Acme"},
    "servers": [{"url": "https://api.acme.example"}],
    "paths": {
        "/users/{id}": {
            "get": {
                "operationId": "getUser",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}},
            },
            "delete": {"operationId": "dropUser", "responses": {"204": {"description": "Gone"}}},
        },
        "/users": {
            "get": {
                "operationId": "listUsers",
                "parameters": [{"name": "page", "in": "query", "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/User"}}}
                        }
                    }
                },
            },
            "post": {
                "operationId": "addUser",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}},
                },
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}},
            },
        },
        "/photos": {
            "post": {
                "operationId": "addPhoto",
                "requestBody": {
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {"title": {"type": "string"}, "photo": {"type": "string", "format": "binary"}},
                            }
                        }
                    }
                },
                "responses": {"200": {"description": "Kept"}},
            }
        },
    },
    "components": {
        "schemas": {
            "User": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "id": {"type": "string", "readOnly": True},
                    "name": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            }
        }
    },
}
ACTIONS = make("acme", read(DOCUMENT).definition).actions
PICKERS = make("acme", read(DOCUMENT).definition).pickers


async def call(name: str, given: dict[str, Any], answers: dict[str, Any]) -> tuple[Any, Any]:
    """Call a made action; gives its output and the fake provider."""
    action = ACTIONS[f"acme.{name}"]
    fake = provider(http, answers)
    output = await action.run(fake, action.input.model_validate_json(json.dumps(given)))
    assert isinstance(output, action.output)
    return output.model_dump(mode="json"), fake


async def test_a_made_action_sends_what_the_description_says() -> None:
    output, fake = await call("get_user", {"id": "a/b"}, {"GET /users/a%2Fb": {"id": "a/b", "name": "Ada", "more": 1}})
    assert output == {"id": "a/b", "name": "Ada", "more": 1}
    output, fake = await call("add_user", {"name": "Ada", "tags": ["x"]}, {"POST /users": {"id": "1", "name": "Ada"}})
    assert json.loads(fake.sent[-1].body) == {"name": "Ada", "tags": ["x"]}
    assert fake.sent[-1].header("content-type") == "application/json"


async def test_a_list_becomes_items() -> None:
    output, _ = await call("list_users", {}, {"GET /users": [{"name": "Ada"}]})
    assert output == {"items": [{"name": "Ada"}]}


async def test_an_answer_of_another_form_is_the_providers_fault() -> None:
    with pytest.raises(Unavailable, match="not a list"):
        await call("list_users", {}, {"GET /users": {"name": "Ada"}})


def test_inputs_are_checked_and_name_the_place() -> None:
    takes = ACTIONS["acme.add_user"].input
    for poor, place in (
        ({}, "name"),
        ({"name": 1}, "name"),
        ({"name": "A", "tags": [1]}, "tags"),
        ({"name": "A", "id": "1"}, "id"),
    ):
        with pytest.raises(ValueError, match=place) as caught:
            takes.model_validate_json(json.dumps(poor))
        assert "input_value" not in str(caught.value)


def test_methods_say_what_is_safe() -> None:
    hints = {name: each.annotations for name, each in ACTIONS.items()}
    assert hints["acme.get_user"].read_only
    assert hints["acme.drop_user"].destructive
    assert not hints["acme.add_user"].idempotent


def test_files_travel_in_multipart() -> None:
    takes = ACTIONS["acme.add_photo"].input
    given = takes.model_validate_json('{"title": "Cat", "photo": "aGk="}')
    assert isinstance(given, Described)
    assert isinstance(given.values["photo"], Content)
    _, parts = request_of(read(DOCUMENT).definition["operations"]["add_photo"], given.values)
    assert b'name="photo"; filename="photo"' in parts["content"]
    assert b"\r\n\r\nhi\r\n" in parts["content"]
    assert parts["headers"]["Content-Type"].startswith("multipart/form-data; boundary=")


def test_a_path_cannot_climb() -> None:
    operation = read(DOCUMENT).definition["operations"]["get_user"]
    for poor in ("..", ".", ""):
        with pytest.raises(Rejected):
            request_of(operation, {"id": poor})
    assert request_of(operation, {"id": "../admin"})[0] == "/users/..%2Fadmin"


async def test_one_request_by_hand() -> None:
    fake = provider(http, {"POST /things": {"ok": True}})
    given = Send(method="POST", path="things", query={"a": [1, 2]}, json_body={"n": 1})
    answer = await send(fake, given)
    assert (answer.status, answer.json_body) == (200, {"ok": True})
    assert fake.sent[-1].params == (("a", "1"), ("a", "2"))
    for poor in (
        {"headers": {"Authorization": "x"}},
        {"headers": {"Host": "x"}},
        {"path": "/../x"},
        {"path": "//evil.example/x"},
    ):
        with pytest.raises(Rejected):
            await send(fake, Send(**({"path": "/x"} | poor)))


async def test_the_connection_is_tested_with_the_call_that_the_settings_name() -> None:
    config = {"base_url": "https://api.acme.example/v1", "check_path": "me"}
    found = await account(provider(http, {"GET /me": {"login": "ada"}}, config=config))
    assert (found.id, found.name) == ("https://api.acme.example/v1", "ada")
    found = await account(provider(http, {"GET /me": []}, config=config))
    assert found.name == "api.acme.example"
    with pytest.raises(AuthFailed):
        await account(provider(http, {"GET /me": Response(401, {}, b"")}, config=config))
    silent = provider(http, {}, config=config | {"check_path": ""})
    assert "nothing was asked" in (await account(silent)).name
    assert silent.sent == []


def test_settings_choose_how_webhooks_prove_themselves() -> None:
    assert scheme({}) == StandardWebhooks()
    assert scheme({"webhook_scheme": "hmac", "webhook_header": "X-Sig", "webhook_prefix": "sha256="}) == Hmac(
        header="x-sig", prefix="sha256="
    )
    assert isinstance(scheme({"webhook_scheme": "none", "webhook_reason": "It cannot sign"}), Unverified)
    for poor in ({"webhook_scheme": "hmac"}, {"webhook_scheme": "none"}):
        with pytest.raises(ValueError, match="webhook_"):
            scheme(poor)


def test_any_delivery_is_an_event() -> None:
    found = receive(Delivery(b'{"type": "order.created", "id": 1}', {"webhook-id": "msg_1"}))
    assert (found.key, found.data["type"]) == ("msg_1", "order.created")
    assert http.name_event(found.data) == "received"


async def test_a_poll_gives_what_is_new_and_no_history() -> None:
    watch = Watched(path="/orders", items="data")
    first = await entries(provider(http, {"GET /orders": {"data": [{"id": 1}]}}), Since(watch))
    assert (list(first.events), first.more) == ([], False)
    again = await entries(provider(http, {"GET /orders": {"data": [{"id": 1}, {"id": 2}]}}), Since(watch, first.cursor))
    assert [each.key for each in again.events] == ["2"]
    assert Place.model_validate_json(again.cursor).seen == ["1", "2"]
    with pytest.raises(Unavailable, match="has no id"):
        await entries(provider(http, {"GET /orders": {"data": [{"name": "x"}]}}), Since(watch))
