"""A client of a hub in the same process."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from powerstrip.client import HubError, embedded


@dataclass
class TinyHub:
    """An ASGI app that says who asked it, and refuses what is not for its project."""

    local_token: str = "mbx_invented-local"
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.seen.append(scope)
        fine = scope["path"].startswith("/v1/projects/shop")
        body = {"handle": "shop"} if fine else {"error": {"code": "not_found", "message": "No such project", "details": {}}}
        await send({"type": "http.response.start", "status": 200 if fine else 404, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def test_requests_reach_the_app_with_the_operators_token() -> None:
    hub = TinyHub()
    async with embedded(hub, "shop") as client:
        assert (await client.projects.get("shop"))["handle"] == "shop"
        with pytest.raises(HubError, match="No such project"):
            await client.projects.get("other")
    assert (b"authorization", b"Bearer mbx_invented-local") in hub.seen[0]["headers"]
