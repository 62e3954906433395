"""A client of a hub in the same process: no socket, no port."""

from typing import Any, Protocol

from powerstrip.client.client import Client


class RunningHub(Protocol):
    """What is needed of a hub: its ASGI app, and the token of the one who owns its data folder."""

    @property
    def app(self) -> Any:
        """An ASGI 3 application."""
        ...

    @property
    def local_token(self) -> str:
        """Accepted by this hub object alone, as long as it lives."""
        ...


def embedded(hub: RunningHub, project: str | None = None) -> Client:
    """A client that hands its requests straight to the hub's app."""
    from powerstrip.client.inprocess import InProcess  # loads the HTTP library

    return Client("http://127.0.0.1", hub.local_token, project, transport=InProcess(hub.app))
