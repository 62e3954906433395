"""A hub whose providers sign in at servers on loopback: what the tests of signing in share."""

import os
from pathlib import Path

from served import ServedHub

PLUGINS = Path(__file__).with_name("plugins") / "signin"
CLIENT, SECRET = "powerstrip-hub", "invented-client-secret-7c01e4"
TTL = 3
"""Seconds that access tokens of `signin` hold."""


def hub_at(folder: Path, urls: dict[str, str], port: int) -> ServedHub:
    """A hub that is not started yet, with the test's providers among its plugins."""
    path = os.pathsep.join(filter(None, (str(PLUGINS), os.environ.get("PYTHONPATH"))))
    hub = ServedHub(folder / "data", urls, PYTHONPATH=path)
    hub.port, hub.url = port, f"http://127.0.0.1:{port}"
    return hub


def register(hub: ServedHub, *providers: str) -> None:
    """Make this hub a client of these providers."""
    with hub.http() as client:
        for provider in providers:
            answer = client.put(f"/v1/platform/apps/{provider}", json={"client_id": CLIENT, "client_secret": SECRET})
            assert answer.status_code == 200, answer.text
