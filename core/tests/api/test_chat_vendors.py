"""A vendor without an adapter, by conversation alone: connected, with actions from its description or from words."""

import json

import pytest

from powerstrip.chat.operations import operation_in, schema_of

from .conftest import House
from .talking import Talk

KEY = "invented-vendor-key-91"
DESCRIPTION = {
    "openapi": "3.0.3",
    "info": {"title": "Stock", "version": "1"},
    "paths": {
        "/items": {"get": {"operationId": "listItems", "responses": {"200": {"description": "ok"}}}},
        "/items/{id}": {
            "get": {
                "operationId": "readItem",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "ok"}},
            }
        },
    },
}


@pytest.fixture
async def talk(house: House) -> Talk:
    talk = await Talk.begun(house)
    reply = await talk.say("connect Lagerblick at https://api.lagerblick.example/v2, key in header X-Lager")
    assert "connect Lagerblick" in reply["text"]
    reply = await talk.fill(api_key=KEY)
    assert "Has Lagerblick a description" in reply["text"]
    return talk


async def actions(house: House) -> list[str]:
    """The actions of Custom HTTP in the project's catalogue."""
    found = (await house.ok("GET", "catalog/actions"))["items"]
    return [each["name"] for each in found if each["name"].startswith("http.")]


async def test_one_operation_in_words_with_a_sample_becomes_an_action(house, talk) -> None:
    assert "first thing to call" in (await talk.say("no"))["text"]
    assert "At which path" in (await talk.say("it reads an item by its number"))["text"]
    assert "sample" in (await talk.say("/items/{number}"))["text"]
    assert "no JSON" in (await talk.say("it is an object"))["text"]
    reply = await talk.say('{"number": 7, "name": "Bolt", "tags": ["a"]}')
    assert "items.get" in reply["text"]
    assert "http.lagerblick.items.get" not in await actions(house)
    reply = await talk.say("yes")
    assert "http.lagerblick.items.get" in reply["text"]
    (row,) = await talk.integrations()
    assert (row["name"], row["config"]["base_url"]) == ("lagerblick", "https://api.lagerblick.example/v2")
    await house.ok("POST", "actions/http.lagerblick.items.get/invocations", {"input": {"number": "7"}})
    assert (await house.ok("GET", "sandbox/requests"))["items"][0]["url"] == "https://api.lagerblick.example/v2/items/7"
    assert KEY not in str(talk.session)


async def test_a_pasted_description_is_shown_first_and_imported_after_a_yes(house, talk) -> None:
    reply = await talk.say(json.dumps(DESCRIPTION))
    assert len(reply["plan"]["operations"]) == 2
    assert len(await actions(house)) == 1
    reply = await talk.say("yes")
    assert "Imported" in reply["text"]
    assert len([name for name in await actions(house) if name.startswith("http.lagerblick.")]) == 2
    assert "http.lagerblick." in (await talk.say("what can custom http do"))["text"]


async def test_an_uploaded_description_is_named_by_its_file(house, talk) -> None:
    content = json.dumps(DESCRIPTION).encode()
    answer = await house.ask("POST", "files?name=stock.json", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 201, answer.text
    reply = await talk.say(f"it is {answer.json()['id']}")
    assert len(reply["plan"]["operations"]) == 2


async def test_what_cannot_be_read_is_told_and_asked_for_again(house, talk) -> None:
    assert "opens no connection" in (await talk.say("https://api.lagerblick.example/openapi.json"))["text"]
    assert "cannot be imported" in (await talk.say('{"openapi": "3.0.0", "paths": {}}'))["text"]
    assert "no description" in (await talk.say("maybe somewhere on their site"))["text"]
    assert (await talk.integrations())[0]["config"]["base_url"] == "https://api.lagerblick.example/v2"
    await talk.say("no")
    reply = await talk.say("default")
    assert len(await actions(house)) == 1
    assert "Another name" in reply["text"] or reply["done"]


@pytest.mark.parametrize(
    ("text", "operation", "verb", "path", "query", "fields"),
    [
        ("GET /tickets/{id} reads a ticket", "tickets.get", "get", "/tickets/{id}", [], []),
        ("list tickets at /api/v2/tickets?page=1&state", "tickets.list", "get", "/api/v2/tickets", ["page", "state"], []),
        ("book with guest and nights: POST https://x.example/stays", "stays.create", "post", "/stays", [], ["guest", "nights"]),
        ("DELETE /users/:user_id/sessions", "users.sessions.delete", "delete", "/users/{user_id}/sessions", [], []),
        ("changes a price, /prices/{sku} with amount", "prices.update", "patch", "/prices/{sku}", [], ["amount"]),
    ],
)  # fmt: skip
def test_an_operation_in_words(text, operation, verb, path, query, fields) -> None:
    said = operation_in(text)
    assert (said.id, said.verb, said.path, said.query, said.fields) == (operation, verb, path, query, fields)


def test_a_sample_gives_a_schema_that_it_fits() -> None:
    assert schema_of({"a": 1, "b": [{"c": None}], "d": True}) == {
        "type": "object",
        "properties": {
            "a": {"type": "integer"},
            "b": {"type": "array", "items": {"type": "object", "properties": {"c": {}}}},
            "d": {"type": "boolean"},
        },
    }
