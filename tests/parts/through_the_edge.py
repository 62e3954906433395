"""Adapters as the hub runs them, on the real edge, without the rest of the hub."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from powerstrip.adapter import Adapter, Http, Model, Page, Query
from powerstrip.edge import Bound, Call, Edge
from powerstrip.settings import Settings

CALL_SECONDS = 60


@dataclass(frozen=True)
class Connected:
    """One adapter with a credential, on an open edge."""

    edge: Edge
    adapter: Adapter
    config: dict[str, Any]
    credentials: dict[str, str]

    async def call(self, action_id: str, **input: Any) -> Any:
        """Run an action with this input, as its model reads it."""
        action = self.adapter.actions[action_id]
        hints = action.annotations
        http = self.http(action_id, hints.read_only, hints.idempotent, action.output)
        return await action.run(http, action.input.model_validate(input, extra="forbid", by_name=True, by_alias=False))

    async def pick(self, picker_id: str, search: str = "", cursor: str | None = None, **values: Any) -> Page:
        """Ask a picker for one page."""
        return await self.adapter.pickers[picker_id].pages(self.http(picker_id), Query(cursor, search, values))

    async def account(self) -> Any:
        """Ask whose credential it is."""
        assert self.adapter.whoami is not None
        return await self.adapter.whoami(self.http("account"))

    def http(self, name: str, read_only: bool = True, idempotent: bool = False, output: type[Model] | None = None) -> Http:
        """The adapter's way out for one call."""
        fields = tuple(self.credentials)
        auth = next(each for each in self.adapter.auths if set(fields) <= set(each.form().model_fields))
        bound = Bound(
            project_id="prj_test",
            integration_id="int_test",
            provider=self.adapter.id,
            adapter=self.adapter,
            auth=auth,
            config=self.config,
            mode="live",
            credential=self.credentials,
            credential_fields=fields,
        )
        deadline = time.monotonic() + CALL_SECONDS
        call = Call(
            invocation_id="inv_test",
            action_name=f"{self.adapter.id}.{name}",
            deadline=deadline,
            read_only=read_only,
            idempotent=idempotent,
            output=output,
        )
        return self.edge.http(bound, call)[0]


@asynccontextmanager
async def connected(
    adapter: Adapter, url: str, files: Path, credentials: dict[str, str], **config: Any
) -> AsyncIterator[Connected]:
    """An adapter whose provider is at `url` on loopback."""
    settings = Settings(data=files, allow_addresses=(ip_network("127.0.0.0/8"),), provider_urls={adapter.id: url})
    edge = Edge(settings, lambda sealed: sealed, files)
    await edge.start()
    try:
        yield Connected(edge, adapter, config, credentials)
    finally:
        await edge.close()
