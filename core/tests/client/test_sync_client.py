"""The client for programs without an event loop."""

import httpx2
import pytest

from powerstrip.client import HubError, SyncClient

KEY = "mbx_invented-client-key"


def hub(request: httpx2.Request) -> httpx2.Response:
    match request.url.path, request.url.query:
        case "/v1/projects/shop/integrations", b"":
            return httpx2.Response(200, json={"items": ["a", "b"], "next_cursor": "c1"})
        case "/v1/projects/shop/integrations", b"cursor=c1":
            return httpx2.Response(200, json={"items": ["c"]})
        case "/v1/projects/shop", _:
            return httpx2.Response(200, json={"handle": "shop"})
        case _:
            return httpx2.Response(404, json={"error": {"code": "not_found", "message": "No"}})


def test_calls_pages_and_errors_are_those_of_the_one_client() -> None:
    with SyncClient("http://hub.test", KEY, "shop", transport=httpx2.MockTransport(hub)) as sync:
        assert sync.run(sync.client.projects.get("shop"))["handle"] == "shop"
        assert list(sync.each(sync.client.integrations.list())) == ["a", "b", "c"]
        with pytest.raises(HubError, match="No"):
            sync.run(sync.client.integrations.get("int_1"))


def test_outside_of_its_block_it_says_so() -> None:
    sync = SyncClient("http://hub.test", KEY, "shop")
    with pytest.raises(RuntimeError, match="with"):
        sync.run(sync.client.health())
