"""kill -9 while Stripe is being asked to do something. What is repeated carries the key of the first try, so that Stripe does it
once; what carries no key of anybody's is not repeated at all."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from served import ServedHub, serving, wait_until

KEPT, PLAIN, STEP = "kept@example.com", "plain@example.com", "step@example.com"
CREATE = "actions/stripe.customer.create/invocations"
ORDER = {"Idempotency-Key": "order-1"}
SPEC = """
inputs: {email: string}
steps:
  - key: customer
    action: stripe.customer.create
    action_kind: server
    parameters: {email: "${inputs.email}"}
"""


class Till:
    """A Stripe that makes customers: once for each idempotency key, as Stripe does. While it is shut, it does not answer.

    Source: docs.stripe.com/api/idempotent_requests.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        """Email and key of each request, in the order they came."""
        self.made: dict[str, dict[str, Any]] = {}
        """Customers by key."""
        self.open = threading.Event()
        lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                email, key = form["email"][0], self.headers.get("idempotency-key", "")
                with lock:
                    outer.asked.append((email, key))
                    number = len(outer.made)
                    customer = outer.made.setdefault(key, {"id": f"cus_{number}", "email": email, "created": 1})
                outer.open.wait(30)
                raw = json.dumps(customer).encode()
                with suppress(OSError):  # the hub was killed meanwhile
                    self.send_response(200)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(raw)))
                    self.end_headers()
                    self.wfile.write(raw)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keys(self, email: str) -> list[str]:
        """The keys that this customer was asked for with, one for each request."""
        return [key for asked, key in self.asked if asked == email]

    def customers(self, email: str) -> int:
        """How many were made of this one."""
        return sum(each["email"] == email for each in self.made.values())


@pytest.fixture
def till() -> Iterator[Till]:
    till = Till()
    yield till
    till.open.set()
    till.server.shutdown()


@pytest.fixture
def hub(tmp_path: Path, till: Till) -> Iterator[ServedHub]:
    with serving(tmp_path / "data", {"stripe": till.url}) as hub:
        yield hub


def done(hub: ServedHub, method: str, path: str, body: Any = None, **headers: str) -> Any:
    answer = hub.ask(method, path, body, **headers)
    assert answer.status_code < 300, answer.text
    return answer.json()


def cut_off(hub: ServedHub, email: str, **headers: str) -> None:
    """A call whose caller never hears of its end."""
    with suppress(httpx2.HTTPError):
        hub.ask("POST", CREATE, {"input": {"email": email}}, **headers)


def test_a_customer_is_made_once_though_the_hub_is_killed_meanwhile(hub: ServedHub, till: Till) -> None:
    secret = {"secret_key": "sk_test_invented0000"}
    done(hub, "POST", "integrations", {"name": "till", "provider": "stripe", "credentials": secret})
    done(hub, "POST", "automations", {"handle": "welcome", "name": "Welcome"})
    done(hub, "POST", "automations/welcome/versions", {"source": SPEC})
    done(hub, "POST", "automations/welcome/versions/1/publication")
    with ThreadPoolExecutor() as callers:
        callers.submit(cut_off, hub, KEPT, **ORDER)
        callers.submit(cut_off, hub, PLAIN)
        run = done(hub, "POST", "automations/welcome/runs", {"inputs": {"email": STEP}})
        wait_until(lambda: {email for email, _ in till.asked} == {KEPT, PLAIN, STEP}, 30)
        hub.kill()
    till.open.set()
    hub.start()

    wait_until(lambda: done(hub, "GET", f"runs/{run['id']}")["status"] == "completed", 30)
    assert till.keys(KEPT) == [till.keys(KEPT)[0]], "the hub by itself does not repeat what a caller asked for"
    again = done(hub, "POST", CREATE, {"input": {"email": KEPT}}, **ORDER)
    assert (again["status"], again["output"]["email"]) == ("completed", KEPT)

    assert len(till.keys(STEP)) == len(till.keys(KEPT)) == 2
    for email in (STEP, KEPT):
        assert len(set(till.keys(email))) == 1
        assert till.customers(email) == 1
    assert len(till.keys(PLAIN)) == 1
    [plain] = [each for each in done(hub, "GET", "action-invocations")["items"] if each["status"] == "failed"]
    assert plain["error_type"] == "unknown"
    keys = {till.keys(email)[0] for email in (STEP, KEPT, PLAIN)}
    assert len(keys) == 3
    assert "" not in keys

    replayed = done(hub, "POST", CREATE, {"input": {"email": KEPT}}, **ORDER)
    assert replayed["output"] == again["output"]
    refused = hub.ask("POST", CREATE, {"input": {"email": "other@example.com"}}, **ORDER)
    assert refused.status_code == 422
    assert len(till.asked) == 5
