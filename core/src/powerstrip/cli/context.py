"""What a command is given: the parsed words, the environment, the console, and a client when it asks for one."""

from argparse import Namespace
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from powerstrip.cli import target
from powerstrip.cli.console import Console
from powerstrip.cli.failures import Usage
from powerstrip.client import Client


class Context:
    """One run of one command."""

    def __init__(self, args: Namespace, environ: Mapping[str, str], console: Console) -> None:
        self.args = args
        self.environ = environ
        self.console = console

    @asynccontextmanager
    async def hub(self) -> AsyncGenerator[Client]:
        """A client for what stands above projects."""
        async with target.connect(self.args, self.environ) as client:
            yield client

    @asynccontextmanager
    async def project(self) -> AsyncGenerator[Client]:
        """A client within the project that is meant."""
        async with self.hub() as client:
            yield client.within(self.named_project or await only_project(client))

    @property
    def named_project(self) -> str:
        """The project that the options or the environment name; empty where neither does."""
        return getattr(self.args, "project", "") or target.first(self.environ, "POWERSTRIP_PROJECT", "MOBIUS_PROJECT")


async def only_project(client: Client) -> str:
    """The handle of the one project there is. Stops where there are several, or none."""
    handles = [project["handle"] for project in await client.projects.list()]
    if len(handles) == 1:
        return handles[0]
    if not handles:
        raise Usage("There is no project yet", hint="powerstrip projects create HANDLE")
    raise Usage(f"Which project? There are: {', '.join(sorted(handles))}", hint="name one with --project or POWERSTRIP_PROJECT")


Command: TypeAlias = Callable[[Context], Coroutine[Any, Any, int | None] | int | None]
"""What a command does. None is success."""
