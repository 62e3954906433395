"""Notion's adapter against a small company's wiki that somebody else wrote, which can be read."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from parts.people import Browser, begin, end
from parts.servers import BACKLOT_TOKEN
from parts.signin_house import CLIENT, hub_at, register
from parts.through_the_edge import Connected, connected
from pytest_httpserver import HTTPServer
from served import free_port
from werkzeug import Request, Response

from powerstrip.adapter import AuthFailed, Rejected
from powerstrip_notion import notion

pytestmark = pytest.mark.part


@pytest.fixture
async def wiki(backlot_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(notion, f"{backlot_url}/notion/v1", tmp_path, {"token": BACKLOT_TOKEN}) as connection:
        yield connection


async def test_the_workspace_is_known(wiki: Connected) -> None:
    account = await wiki.account()
    assert (account.name, account.detail) == ("acme", "backlot")


async def test_a_page_is_chosen_and_read(wiki: Connected) -> None:
    choice = next(each for each in (await wiki.pick("page")).choices if each.label != "Untitled")
    page = await wiki.call("page.get", page=choice.value)
    assert page.title == choice.label
    assert page.text.strip()
    assert (await wiki.call("page.get", page=page.url, content=False)).id == page.id


async def test_pages_are_found_page_by_page(wiki: Connected) -> None:
    everything = await wiki.call("search", kind="page")
    assert len(everything.results) > 2
    ids, cursor = list[str](), None
    while True:
        part = await wiki.call("search", kind="page", limit=2, cursor=cursor)
        ids += [each.id for each in part.results]
        if (cursor := part.next) is None:
            break
    assert sorted(ids) == sorted(set(ids))
    assert {each.id for each in everything.results} <= set(ids)


async def test_a_database_s_pages_are_read(wiki: Connected) -> None:
    database = (await wiki.pick("database")).choices[0].value
    facts = await wiki.call("database.get", database=database)
    title = next(each.name for each in facts.properties if each.type == "title")
    found = await wiki.call("database.query", database=facts.url, where={title: "Offset file race"}, limit=2)
    assert found.pages
    assert all(each.title == each.properties[title] and each.database == facts.id for each in found.pages)


async def test_comments_are_listed(wiki: Connected) -> None:
    page = (await wiki.pick("page")).choices[0].value
    assert (await wiki.call("comment.list", page=page)).comments is not None


async def test_people_are_offered(wiki: Connected) -> None:
    assert "@" in "".join(each.detail for each in (await wiki.pick("user")).choices)


async def test_what_is_not_there_is_refused_in_notions_words(wiki: Connected) -> None:
    with pytest.raises(Rejected, match="Could not find page"):
        await wiki.call("page.get", page="00000000-0000-4000-8000-000000000000")


async def test_a_wrong_token_asks_to_connect_again(backlot_url: str, tmp_path: Path) -> None:
    async with connected(notion, f"{backlot_url}/notion/v1", tmp_path, {"token": "invented-wrong-token"}) as connection:
        with pytest.raises(AuthFailed, match="token"):
            await connection.account()


def test_a_person_consents_in_the_browser(backlot_url: str, httpserver: HTTPServer, tmp_path: Path) -> None:
    """Over a served hub: as Notion has it, with JSON and the client's password, and neither scopes nor PKCE."""
    asked: list[dict[str, Any]] = []

    def consent(request: Request) -> Response:
        assert (request.args["owner"], "scope" in request.args, "code_challenge" in request.args) == ("user", False, False)
        back = f"{request.args['redirect_uri']}?code=invented-code&state={request.args['state']}"
        return Response(status=302, headers={"location": back})

    def grant(request: Request) -> Response:
        asked.append(request.get_json() | {"who": (request.authorization or {}).get("username")})
        answer = {"access_token": BACKLOT_TOKEN, "token_type": "bearer", "refresh_token": "nrt_invented", "workspace_id": "w"}
        return Response(json.dumps(answer), content_type="application/json")

    httpserver.expect_request("/v1/oauth/authorize").respond_with_handler(consent)
    httpserver.expect_request("/v1/oauth/token", method="POST").respond_with_handler(grant)
    httpserver.expect_request(re.compile("/v1/.*")).respond_with_handler(lambda request: passed_on(backlot_url, request))
    hub = hub_at(tmp_path, {"notion": f"{httpserver.url_for('').rstrip('/')}/v1"}, free_port())
    hub.start()
    try:
        register(hub, "notion")
        begun = begin(hub, "notion", "wiki")
        page = Browser().open(begun["authorize_url"])
        assert page.status_code == 200, page.text
        made = hub.ask("GET", f"integrations/{end(hub, begun)['integration_id']}").json()
        assert (made["status"], made["account"]["name"], made["auth_kind"]) == ("active", "acme", "oauth2")
        assert hub.invoke("notion.search", {"limit": 1})["status"] == "completed"
    finally:
        hub.kill()
    (exchange,) = asked
    assert exchange["who"] == CLIENT
    assert sorted(exchange) == ["code", "grant_type", "redirect_uri", "who"]


def passed_on(url: str, request: Request) -> Response:
    """What Backlot answers."""
    heads = {
        name: request.headers[name] for name in ("Authorization", "Notion-Version", "Content-Type") if name in request.headers
    }
    answer = httpx2.request(
        request.method, f"{url}/notion{request.path}", headers=heads, content=request.get_data(), params=request.args
    )
    return Response(answer.content, answer.status_code, content_type=answer.headers["content-type"])
