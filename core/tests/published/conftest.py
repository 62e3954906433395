"""A served hub for clients that were published for this API, and an endpoint that takes signed calls."""

import asyncio
import importlib.util
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from deepnoodle import mobius
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

_spec = importlib.util.spec_from_file_location("workerhouse", Path(__file__).parents[1] / "workers" / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
workerhouse = importlib.util.module_from_spec(_spec)
import sys  # noqa: E402

sys.modules["workerhouse"] = workerhouse
_spec.loader.exec_module(workerhouse)


@pytest.fixture
async def served(tmp_path: Path, catalog_folder: Path) -> AsyncIterator[Any]:
    async with workerhouse.serving_hub(tmp_path / "data", catalog_folder) as served:
        yield served


@pytest.fixture
def published(served) -> Iterator[mobius.Client]:
    """The published client, in its own words. It blocks: call it by `off`."""
    with mobius.Client(mobius.ClientOptions(api_key=served.key, base_url=served.url, project="main", retry=0)) as client:
        yield client


async def off(work: Any, *given: Any, **named: Any) -> Any:
    """Run a blocking call beside the hub, which lives on this loop."""
    return await asyncio.to_thread(work, *given, **named)


@dataclass
class Endpoint:
    """A project's own endpoint. It remembers what came."""

    server: HTTPServer
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/hooks/charge?tenant=a%20b"

    def take(self, request: Request) -> Response:
        with self.lock:
            self.calls.append((dict(request.headers.items()), request.get_data()))
            return self.answers.pop(0) if self.answers else Response('{"ok": true}', 200, content_type="application/json")

    def say(self, body: Any, status: int = 200) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers.append(Response(text, status, content_type="application/json"))


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        made = Endpoint(server)
        server.expect_request("/hooks/charge").respond_with_handler(made.take)
        yield made
