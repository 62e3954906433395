"""A hub made of canned answers, reached by the real client."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from powerstrip.client import Client

TIMES = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}


def provider(name: str, title: str, category: str, readiness: str, description: str = "", **more: Any) -> dict[str, Any]:
    entry = {"name": name, "display_name": title, "category": category, "readiness": readiness, "description": description}
    return {**entry, "auth_kind": "api_key", "connection": {"connected": False}, "actions": [], "events": [], **more}


MAIL = provider(
    "postmark",
    "Postmark",
    "Email",
    "connected",
    "Transactional email.",
    actions=[{"name": "postmark.email.send", "description": "Send one email."}],
    events=[{"name": "postmark.email.bounced", "description": "An email came back."}],
)
NOT_YET = "No Slack integration is connected yet"
CHAT = provider(
    "slack", "Slack", "Messaging", "needs_setup", "Messages for teams.", message="No Slack integration is connected yet"
)
STORE = provider("s3", "Amazon S3", "Storage", "unavailable", "Objects.")
INTEGRATION = {"id": "int_1", "name": "mail", "provider": "postmark", "status": "active", "mode": "sandbox", **TIMES}


@dataclass
class CannedHub:
    """Answers the dashboard's three questions. `broken` makes it refuse."""

    mode: str = "sandbox"
    providers: list[dict[str, Any]] = field(default_factory=lambda: [MAIL, CHAT, STORE])
    broken: bool = False
    asked: int = 0

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        if self.broken:
            return httpx2.Response(503, json={"error": {"code": "store_unavailable", "message": "The database is away."}})
        match request.url.path.removeprefix("/v1/projects/shop"):
            case "":
                project = {"id": "prj_1", "name": "Shop", "handle": "shop", "access_mode": "org_open", "mode": self.mode, **TIMES}
                return httpx2.Response(200, json=project)
            case "/integrations/providers":
                return httpx2.Response(200, json={"providers": self.providers})
            case "/integrations":
                return httpx2.Response(200, json={"items": [INTEGRATION], "has_more": False})
            case _:
                return httpx2.Response(404, json={"error": {"code": "not_found", "message": "No"}})


@pytest.fixture
def hub() -> CannedHub:
    return CannedHub()


@pytest.fixture
async def client(hub: CannedHub) -> AsyncIterator[Client]:
    async with Client("http://hub.test", "mbx_invented", "shop", transport=httpx2.MockTransport(hub.answer)) as client:
        yield client
