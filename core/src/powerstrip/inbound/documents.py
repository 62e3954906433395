"""Public documents that a scheme needs (certificates, key sets), fetched through the edge like any other request."""

from urllib.parse import urlsplit

from powerstrip.adapter import Adapter, NoAuth
from powerstrip.clock import monotonic, new_id
from powerstrip.edge import Bound, Call, Edge
from powerstrip.inbound.verifying import Kept

SECONDS = 10.0


def documents(edge: Edge) -> Kept:
    """Fetches a public document, and keeps it a while. Raises `PowerstripError`."""

    async def get(url: str) -> bytes:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        nobody = NoAuth()
        source = Adapter(id="documents", title="Public documents", base_url=origin, auth=nobody)
        bound = Bound(
            project_id="", integration_id=origin, provider=source.id, adapter=source, auth=nobody, config={}, mode="live"
        )
        call = Call(
            invocation_id=new_id("doc"),
            action_name="documents.get",
            deadline=monotonic() + SECONDS,
            read_only=True,
            idempotent=True,
        )
        http, _ = edge.http(bound, call)
        path = parts.path or "/"
        answer = await http.send("GET", f"{path}?{parts.query}" if parts.query else path)
        return answer.body

    return Kept(get)
