"""What the demo connects and calls, in a sandbox. Every credential here is invented."""

import base64
from dataclasses import dataclass, field
from typing import Any

from powerstrip.client.client import Client
from powerstrip.client.shapes import CallResult, Integration, Trouble

CONNECTIONS: tuple[tuple[str, str, dict[str, str], dict[str, str]], ...] = (
    ("postmark", "mail", {"server_token": "invented-demo-token"}, {"from_address": "shop@example.com"}),
    ("slack", "team", {"bot_token": "xoxb-invented-demo"}, {"default_channel": "#orders"}),
    ("s3", "archive", {"access_key_id": "INVENTEDDEMO", "secret_access_key": "invented-demo-secret"}, {"bucket": "orders"}),
)
"""Provider, name, credentials, settings."""


@dataclass(frozen=True)
class Step:
    """One call of the story."""

    action: str
    input: dict[str, Any] = field(default_factory=dict[str, Any])
    simulate: Trouble | None = None


NOTE = base64.b64encode(b"Order 1001: one lamp, two bulbs\n").decode()
STEPS = (
    Step("postmark.email.send", {"to": "ada@example.com", "subject": "Your order 1001", "text_body": "It is on its way."}),
    Step("slack.message.post", {"text": "Order 1001 is on its way"}),
    Step("s3.object.put", {"bucket": "orders", "key": "2026/1001.txt", "body": NOTE, "content_type": "text/plain"}),
    Step("s3.object.list", {"prefix": "2026/", "limit": 10}),
    Step("slack.message.post", {"text": "Order 1002 is on its way"}, simulate="server_error"),
)


async def connect(hub: Client) -> list[Integration]:
    """Connect the demo's providers in the client's project, which must be a sandbox."""
    return [
        await hub.integrations.create(name, provider, credentials=credentials, config=settings)
        for provider, name, credentials, settings in CONNECTIONS
    ]


async def call(hub: Client) -> list[CallResult]:
    """Make the demo's calls; mocks answer."""
    return [await hub.call(step.action, step.input, simulate=step.simulate) for step in STEPS]
