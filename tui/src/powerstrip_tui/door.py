"""How the dashboard comes to a client: what the command line hands it."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from powerstrip.client import Client


class CannotOpen(Exception):
    """The hub cannot be opened: a sentence, and what to do."""

    def __init__(self, words: str, next: str = "") -> None:
        super().__init__(words)
        self.words, self.next = words, next


class NoHub(CannotOpen):
    """There is no hub in the folder yet. One can be made."""


class Door(Protocol):
    """A way to a hub that is opened after the first picture is on the screen."""

    @property
    def where(self) -> str:
        """The hub's address or its folder, for people."""
        ...

    @property
    def project(self) -> str:
        """The project that was asked for; empty for none."""
        ...

    @property
    def own(self) -> bool:
        """Whether the hub runs in this process, on a folder of this machine."""
        ...

    def open(self) -> AbstractAsyncContextManager[Client]:
        """A client, as long as the block runs. Raises `CannotOpen`, and `NoHub` where one can be made."""
        ...

    async def make(self, mode: Literal["live", "sandbox"]) -> None:
        """Make a hub with a first project where there is none."""
        ...

    def with_key(self, key: str) -> "Door":
        """The same hub with another API key."""
        ...


@dataclass(frozen=True)
class OpenDoor:
    """A client that is there already."""

    client: Client
    own: bool = False

    @property
    def where(self) -> str:
        """The client's address."""
        return self.client.base_url

    @property
    def project(self) -> str:
        """The client's project."""
        return self.client.project or ""

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Client]:
        """The client; whoever made it closes it."""
        yield self.client

    async def make(self, mode: Literal["live", "sandbox"]) -> None:
        """There is a hub: nothing is to be made."""
        raise NoHub(f"A hub cannot be made at {self.where}")

    def with_key(self, key: str) -> Door:
        """A client of its own with this key."""
        return OpenDoor(Client(self.client.base_url, key, self.client.project))
