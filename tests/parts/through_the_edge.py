"""Adapters as the hub runs them, on the real edge, without the rest of the hub."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from powerstrip.adapter import Adapter, Auth, Model, Page, Polled, Query, Since
from powerstrip.edge import Bound, Call, Edge, LedgerRow, SandboxAnswer, Trace
from powerstrip.settings import Settings

CALL_SECONDS = 60
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


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
        return await action.run(http, self._read(action_id, input))

    async def sandboxed(self, action_id: str, **input: Any) -> list[LedgerRow]:
        """What the action would have sent: nothing is sent."""
        way, trace = self._way(action_id, self.adapter.actions[action_id].annotations.read_only, mode="sandbox")
        with suppress(SandboxAnswer):
            await self.adapter.actions[action_id].run(way, self._read(action_id, input))
        return trace.would_send

    async def pick(self, picker_id: str, search: str = "", cursor: str | None = None, **values: Any) -> Page:
        """Ask a picker for one page."""
        return await self.adapter.pickers[picker_id].pages(self.http(picker_id), Query(cursor, search, values))

    async def look(self, poll_id: str, cursor: str | None, **watch: Any) -> Polled:
        """Look for one page of events."""
        poll = self.adapter.polls[poll_id]
        return await poll.look(self.http(poll_id), Since(poll.watch.model_validate(watch), cursor))

    async def account(self) -> Any:
        """Ask whose credential it is."""
        assert self.adapter.whoami is not None
        return await self.adapter.whoami(self.http("account"))

    def http(self, name: str, read_only: bool = True, idempotent: bool = False, output: type[Model] | None = None) -> Any:
        """The adapter's way out for one call."""
        return self._way(name, read_only, idempotent, output)[0]

    def _read(self, action_id: str, input: dict[str, Any]) -> Model:
        return self.adapter.actions[action_id].input.model_validate(input, extra="forbid", by_name=True, by_alias=False)

    def _way(
        self,
        name: str,
        read_only: bool = True,
        idempotent: bool = False,
        output: type[Model] | None = None,
        mode: Literal["live", "sandbox"] = "live",
    ) -> tuple[Any, Trace]:
        fields = tuple(self.credentials)
        auth = next(each for each in self.adapter.auths if set(fields) <= _taken(each))
        bound = Bound(
            project_id="prj_test",
            integration_id="int_test",
            provider=self.adapter.id,
            adapter=self.adapter,
            auth=auth,
            config=self.config,
            mode=mode,
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
            idempotency=self.adapter.idempotency,
        )
        return self.edge.door(bound, call)


def _taken(auth: Auth) -> set[str]:
    """The fields that a way to sign in is made of: what a form holds, or the token that a consent gave."""
    return {"access_token"} if auth.needs_consent else set(auth.form().model_fields)


async def _token(bound: Bound, *, refused: str | None = None) -> Any:
    """The access token that the test holds: nobody renews it."""
    return bound.credential


@asynccontextmanager
async def connected(
    adapter: Adapter, url: str, files: Path, credentials: dict[str, str], *, apis: dict[str, str] | None = None, **config: Any
) -> AsyncIterator[Connected]:
    """An adapter whose provider is at `url` on loopback, and its further `apis` at theirs."""
    urls = ({adapter.id: url} if url else {}) | {f"{adapter.id}.{name}": at for name, at in (apis or {}).items()}
    settings = Settings(data=files, allow_addresses=LOOPBACK, provider_urls=urls)
    edge = Edge(settings, lambda sealed: sealed, files)
    edge.use_tokens(_token)
    await edge.start()
    try:
        yield Connected(edge, adapter, config, credentials)
    finally:
        await edge.close()


def replayed(row: LedgerRow, body: str, authorization: str) -> int:
    """Send what a sandbox wrote down, with a body and a proof in place of the recorded ones. Gives the status."""
    headers = dict(json.loads(row["headers"])) | {"Authorization": authorization, "Accept-Encoding": "identity"}
    headers["Content-Length"] = str(len(body.encode()))
    try:
        with urllib.request.urlopen(urllib.request.Request(row["url"], body.encode(), headers, method=row["method"])) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
