"""The first walk through the whole house, as a newcomer takes it; then the same with things broken."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from served import ServedHub, serving, wait_until

CANARY = "pm-invented-canary-4f1d77"
EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi Ada"}
SENT = {"To": "ada@example.com", "SubmittedAt": "2026-01-01T00:00:00Z", "MessageID": "m-1", "ErrorCode": 0, "Message": "OK"}


class Provider:
    """A mail provider on loopback that answers as it is told and remembers what it was asked."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        self.delay = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                outer.seen.append((f"{self.command} {self.path}", {k.lower(): v for k, v in self.headers.items()}, body))
                time.sleep(outer.delay)
                status, headers, value = outer.answers.pop(0) if outer.answers else (200, {}, SENT)
                if self.path.startswith("/server") and status == 200:
                    value = {"ID": 7, "Name": "Invented server", "ApiTokens": [CANARY]}
                raw = json.dumps(value).encode()
                self.send_response(status)
                for name, text in {"content-type": "application/json", "content-length": str(len(raw)), **headers}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def asked(self, line: str) -> int:
        return sum(1 for asked, _, _ in self.seen if asked == line)


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.server.shutdown()


@pytest.fixture
def hub(tmp_path: Path, provider: Provider) -> Iterator[ServedHub]:
    with serving(tmp_path / "data", {"postmark": provider.url}) as hub:
        yield hub


def connect(hub: ServedHub, name: str = "mail", token: str = CANARY) -> dict[str, Any]:
    body = {"name": name, "provider": "postmark", "credentials": {"server_token": token}}
    answer = hub.ask("POST", "integrations", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def everything_visible(hub: ServedHub) -> str:
    """All that the API shows of a project, and all that lies in the data folder, as one text."""
    paths = [
        "integrations",
        "integrations/providers",
        "action-invocations",
        "audit-logs",
        "sandbox/requests",
        "api-keys",
        "principals",
    ]
    shown = [hub.ask("GET", path).text for path in paths]
    kept = [file.read_bytes().decode("latin-1") for file in hub.data.rglob("*") if file.is_file()]
    return "\n".join(shown + kept)


def test_connect_call_and_see_what_happened(hub: ServedHub, provider: Provider) -> None:
    integration = connect(hub)
    assert "credentials" not in integration
    assert integration["status"] == "active"

    result = hub.invoke("postmark.email.send", EMAIL)

    assert result["status"] == "completed"
    assert result["output"]["message_id"] == "m-1"
    line, headers, body = provider.seen[-1]
    assert line == "POST /email"
    assert headers["x-postmark-server-token"] == CANARY
    assert json.loads(body)["From"] == "shop@example.com"

    catalogue = hub.ask("GET", "integrations/providers").json()["providers"]
    postmark = next(entry for entry in catalogue if entry["name"] == "postmark")
    assert postmark["connection"]["connected"] is True
    invocation = hub.ask("GET", "action-invocations").json()["items"][0]
    assert (invocation["action_name"], invocation["status"]) == ("postmark.email.send", "completed")
    uses = [row for row in hub.ask("GET", "audit-logs").json()["items"] if row["action"] == "use"]
    assert uses[0]["resource_id"] == integration["id"]
    assert CANARY not in everything_visible(hub)


def test_a_sandboxed_call_sends_nothing_and_shows_what_it_would_have_sent(hub: ServedHub, provider: Provider) -> None:
    connect(hub)
    provider.seen.clear()

    first = hub.invoke("postmark.email.send", EMAIL, sandbox=True)
    second = hub.invoke("postmark.email.send", EMAIL, sandbox=True)

    assert provider.seen == []
    assert first["output"] == second["output"]
    entry = hub.ask("GET", "sandbox/requests").json()["items"][0]
    assert (entry["method"], entry["url"].rpartition("/")[2]) == ("POST", "email")
    assert "<server_token>" in json.dumps(entry["headers"])
    assert json.loads(entry["body"])["Subject"] == "Hello"


def test_a_wrong_key_expires_the_integration_and_a_rotation_heals_it(hub: ServedHub, provider: Provider) -> None:
    integration = connect(hub)
    provider.answers = [(401, {}, {"ErrorCode": 10, "Message": "The token is not valid"})]

    refused = hub.invoke("postmark.email.send", EMAIL)

    assert refused["status"] == "failed"
    assert "not valid" in refused["error"]
    assert hub.ask("GET", f"integrations/{integration['id']}").json()["status"] == "expired"
    again = hub.ask("POST", "actions/postmark.email.send/invocations", {"input": EMAIL})
    assert again.status_code == 409, again.text

    healed = hub.ask("POST", f"integrations/{integration['id']}/rotate", {"credentials": {"server_token": CANARY + "-2"}})
    assert healed.status_code == 200, healed.text
    assert hub.invoke("postmark.email.send", EMAIL)["status"] == "completed"
    assert provider.seen[-1][1]["x-postmark-server-token"] == CANARY + "-2"


def test_a_write_is_not_repeated_after_a_failure_of_the_provider(hub: ServedHub, provider: Provider) -> None:
    connect(hub)
    provider.seen.clear()
    provider.answers = [(500, {}, {"Message": "out of order"})]

    assert hub.invoke("postmark.email.send", EMAIL)["status"] == "failed"
    assert provider.asked("POST /email") == 1


def test_a_read_is_repeated_after_429_when_the_provider_says_so(hub: ServedHub, provider: Provider) -> None:
    connect(hub)
    listing = {"TotalCount": 0, "Templates": []}
    provider.answers = [(429, {"retry-after": "0"}, {"Message": "slow down"}), (200, {}, listing)]

    assert hub.invoke("postmark.template.list", {})["status"] == "completed"


def test_an_idempotency_key_makes_one_call_of_many(hub: ServedHub, provider: Provider) -> None:
    connect(hub)
    provider.seen.clear()
    body = {"input": EMAIL}
    path = "actions/postmark.email.send/invocations"
    answers = [hub.ask("POST", path, body, **{"Idempotency-Key": "order-1"}) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert provider.asked("POST /email") == 1
    other = hub.ask("POST", path, {"input": {**EMAIL, "subject": "Other"}}, **{"Idempotency-Key": "order-1"})
    assert other.status_code == 422


def test_kill_during_a_call_reports_the_effect_as_unknown_and_never_repeats_it(hub: ServedHub, provider: Provider) -> None:
    connect(hub)
    provider.seen.clear()
    provider.delay = 1.0
    path, key = "actions/postmark.email.send/invocations", {"Idempotency-Key": "order-2"}
    caller = threading.Thread(target=lambda: _ignore_cut(hub, path, key))
    caller.start()
    wait_until(lambda: provider.asked("POST /email") == 1)
    hub.kill()
    caller.join()
    provider.delay = 0

    hub.start()

    again = hub.ask("POST", path, {"input": EMAIL}, **key).json()
    assert (again["status"], again["error_type"]) == ("failed", "unknown")
    assert provider.asked("POST /email") == 1
    assert hub.ask("GET", "audit-logs/verify").json()["intact"] is True


def _ignore_cut(hub: ServedHub, path: str, key: dict[str, str]) -> None:
    import httpx2

    try:
        hub.ask("POST", path, {"input": EMAIL}, **key)
    except httpx2.HTTPError:
        return


def test_a_second_hub_on_the_same_folder_is_refused(hub: ServedHub) -> None:
    second = hub.run("serve", "--data", str(hub.data), "--port", "1", check=False)

    assert second.returncode != 0
    assert "already running" in second.stderr


def test_sigterm_ends_the_hub_with_exit_code_0(hub: ServedHub) -> None:
    assert hub.stop() == 0


def test_the_command_line_walks_the_same_way(hub: ServedHub, provider: Provider) -> None:
    connect(hub)
    called = json.loads(hub.cli("call", "postmark.email.send", "--input", json.dumps(EMAIL), "--json").stdout)
    assert called["status"] == "completed"
    assert "postmark" in hub.cli("providers", "list").stdout
    assert "mail" in hub.cli("integrations", "list").stdout
    assert json.loads(hub.cli("audit", "verify", "--json").stdout)["intact"] is True
    typo = hub.cli("call", "postmark.email.sned", "--input", "{}", check=False)
    assert typo.returncode == 1
    assert "postmark.email.send" in typo.stderr
