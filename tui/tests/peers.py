"""Services on loopback that a live project can be connected to: mail that knows good keys from bad, and a consent."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from served import ServedHub, serving

PLUGINS = Path(__file__).parents[2] / "tests" / "parts" / "plugins" / "signin"
GOOD = ("pm-invented-first", "pm-invented-second")
CODE = "invented-code-33cc"
SENT = {"To": "ada@example.com", "SubmittedAt": "2030-01-01T00:00:00Z", "MessageID": "m-1", "ErrorCode": 0, "Message": "OK"}
ANSWERS: dict[str, Any] = {
    "/server": {"ID": 7, "Name": "Invented server"},
    "/email": SENT,
    "/me": {"sub": "ada", "name": "Ada"},
    "/token": {
        "access_token": "invented-access-token",
        "refresh_token": "invented-refresh-token",
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "openid offline_access read",
    },
    "/token/revocation": {},
    "/templates": {"TotalCount": 0, "Templates": []},
}


class Peers:
    """One server for all of them; it remembers what it was asked."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                path = urlsplit(self.path).path
                outer.seen.append((self.command, path, headers, body))
                key = headers.get("x-postmark-server-token")
                refused = key is not None and key not in GOOD
                told = {"ErrorCode": 10, "Message": "No such token"} if refused else ANSWERS.get(path, {})
                raw = json.dumps(told).encode()
                self.send_response(401 if refused else 200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def asked(self, path: str) -> list[tuple[dict[str, str], str]]:
        """Headers and body of each request to this path."""
        return [(headers, body) for _, seen, headers, body in self.seen if seen == path]


@contextmanager
def live_hub(folder: Path) -> Iterator[tuple[ServedHub, Peers]]:
    """A served hub with a live project, whose services are the peers."""
    peers = Peers()
    urls = dict.fromkeys(("postmark", "signin", "signin_posing"), peers.url)
    plugins = os.pathsep.join(filter(None, (str(PLUGINS), os.environ.get("PYTHONPATH"))))
    try:
        with serving(folder, urls, PYTHONPATH=plugins) as hub:
            yield hub, peers
    finally:
        peers.server.shutdown()
