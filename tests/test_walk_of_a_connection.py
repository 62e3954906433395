"""A connection's life as an operator sees it, at the command line of a served hub: consent, form, keys, another hub."""

import json
import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from served import POWERSTRIP, ServedHub, clean_environment, serving

PLUGINS = Path(__file__).with_name("parts") / "plugins" / "signin"
CLIENT_SECRET = "invented-client-secret-2f81aa"
TOKENS = ("invented-access-token-11aa", "invented-refresh-token-22bb", "invented-code-33cc")
FIRST, SECOND = "pm-invented-first-9c1e", "pm-invented-second-d07b"
EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi Ada"}
SENT = {"To": "ada@example.com", "SubmittedAt": "2026-01-01T00:00:00Z", "MessageID": "m-1", "ErrorCode": 0, "Message": "OK"}
READ_ONLY = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [{"mode": "server", "resource": [{"type": "Patient", "interaction": [{"code": "read"}, {"code": "search-type"}]}]}],
}
ANSWERS: dict[str, Any] = {
    "/server": {"ID": 7, "Name": "Invented server"},
    "/email": SENT,
    "/metadata": READ_ONLY,
    "/Patient": {"resourceType": "Bundle", "type": "searchset", "total": 0},
    "/me": {"sub": "ada", "name": "Ada"},
    "/token": {
        "access_token": TOKENS[0],
        "refresh_token": TOKENS[1],
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "openid offline_access read",
    },
    "/token/revocation": {},
}


class Providers:
    """Postmark and a provider of consents, as far as this walk asks them."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str], str]] = []
        self.answers = dict(ANSWERS)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                outer.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                raw = json.dumps(outer.answers[urlsplit(self.path).path]).encode()
                self.send_response(200)
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
        return [(headers, body) for seen, headers, body in self.seen if urlsplit(seen).path == path]


@pytest.fixture
def providers() -> Iterator[Providers]:
    providers = Providers()
    yield providers
    providers.server.shutdown()


@pytest.fixture
def urls(providers: Providers) -> dict[str, str]:
    return dict.fromkeys(("fhir", "postmark", "signin", "signin_posing"), providers.url)


def ready(hub: ServedHub, action: str) -> tuple[str, str]:
    """An action's state in the catalogue, and why."""
    entry = json.loads(hub.cli("catalog", "get-action", action, "--json").stdout)
    return entry["readiness"], entry.get("message") or ""


def environment() -> dict[str, str]:
    """The consent provider's adapter among the plugins."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(PLUGINS), os.environ.get("PYTHONPATH"))))}


@pytest.fixture
def hub(tmp_path: Path, urls: dict[str, str]) -> Iterator[ServedHub]:
    with serving(tmp_path / "data", urls, **environment()) as hub:
        yield hub


def sends_with(hub: ServedHub, providers: Providers, token: str) -> None:
    """A call goes through, and with this credential."""
    done = json.loads(hub.cli("call", "postmark.email.send", "--input", json.dumps(EMAIL), "--json").stdout)
    assert done["status"] == "completed"
    assert providers.asked("/email")[-1][0]["x-postmark-server-token"] == token


def consent(hub: ServedHub, *words: str, said: list[str]) -> None:
    """A command that waits for a person, and the person."""
    import subprocess

    remote = {"POWERSTRIP_URL": hub.url, "POWERSTRIP_API_KEY": hub.key, "POWERSTRIP_PROJECT": hub.project}
    waiting = subprocess.Popen(
        [POWERSTRIP, *words],
        env=clean_environment() | hub.environment | remote,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert waiting.stderr is not None
    link = next(line.strip() for line in waiting.stderr if line.strip().startswith("http"))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert asked["code_challenge_method"] == "S256"
    back = {"code": TOKENS[2], "state": asked["state"], "iss": "https://signin.example"}
    page = httpx2.get(asked["redirect_uri"], params=back, timeout=30)
    assert page.status_code == 200, page.text
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    said += [page.text, out, err]


def test_from_a_consent_to_another_hub(hub: ServedHub, providers: Providers, urls: dict[str, str], tmp_path: Path) -> None:
    said: list[str] = []

    def cli(*words: str, check: bool = True, **given: str) -> str:
        hub.environment |= given
        done = hub.cli(*words, check=check)
        said.extend((done.stdout, done.stderr))
        return done.stdout + done.stderr

    refused = cli("connect", "signin", "--name", "people", check=False)
    assert "powerstrip apps set signin" in refused
    cli("apps", "set", "signin", "--client-id", "hub", "--client-secret", "env:APP_SECRET", APP_SECRET=CLIENT_SECRET)
    assert f"{hub.url}/v1/oauth/callback/signin" in cli("apps", "list")

    consent(hub, "connect", "signin", "--name", "people", said=said)
    assert CLIENT_SECRET in providers.asked("/token")[-1][1]
    called = json.loads(cli("call", "signin.person.get", "--input", "{}", "--json"))
    assert called["output"] == {"sub": "ada"}
    consent(hub, "integrations", "reconnect", "people", "--loopback", said=said)

    cli("integrations", "create", "postmark", "--name", "mail", "--credential", "server_token=env:TOKEN", TOKEN=FIRST)
    sends_with(hub, providers, FIRST)
    cli("integrations", "rotate", "mail", "--credential", "server_token=env:TOKEN", "--yes", TOKEN=SECOND)
    sends_with(hub, providers, SECOND)
    cli("integrations", "rollback", "mail")
    sends_with(hub, providers, FIRST)
    cli("integrations", "rotate", "mail", "--credential", "server_token=env:TOKEN", "--yes", TOKEN=SECOND)
    cli("integrations", "confirm", "mail", "--yes")
    assert "no previous credential" in cli("integrations", "rollback", "mail", check=False)

    assert re.search(r"Sealed \d+ rows anew", cli("keys", "rotate-data"))
    sends_with(hub, providers, SECOND)
    cli("keys", "rotate-data", "--finalise", "--yes")
    cli("keys", "rotate-master")
    sends_with(hub, providers, SECOND)
    cli("keys", "rotate-master", "--finalise", "--yes")
    hub.kill()
    hub.start()
    sends_with(hub, providers, SECOND)
    assert json.loads(cli("call", "signin.person.get", "--input", "{}", "--json"))["status"] == "completed"

    with serving(tmp_path / "other", urls, **environment()) as other:
        key = json.loads(other.cli("keys", "bundle-key", "--json").stdout)["public_key"]
        bundle = tmp_path / "bundle.json"
        bundle.write_text(hub.cli("integrations", "export", "--seal-to", key).stdout)
        said.append(bundle.read_text())
        dry = other.cli("integrations", "import", str(bundle), "--dry-run").stdout
        assert "Nothing was changed" in dry
        other.cli("integrations", "import", str(bundle), "--yes")
        sends_with(other, providers, SECOND)
        rows = {row["name"]: row for row in json.loads(other.cli("integrations", "list", "--json").stdout)["items"]}
        assert (rows["mail"]["status"], rows["people"]["status"]) == ("active", "expired")

    assert "Its consent: revoked at Signin" in cli("integrations", "delete", "people", "--yes")
    assert json.loads(cli("audit", "verify", "--json"))["intact"] is True
    assert hub.stop() == 0
    assert TOKENS[1] in providers.asked("/token/revocation")[-1][1], "a hub that stops has told the provider before"
    verifiers = [parse_qs(body)["code_verifier"][0] for _, body in providers.asked("/token")]
    kept = b"\n".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (CLIENT_SECRET, FIRST, SECOND, *TOKENS, *verifiers):
        assert secret not in "\n".join(said)
        assert secret.encode() not in kept


def test_the_catalogue_tells_what_the_connected_server_cannot_do(hub: ServedHub, providers: Providers) -> None:
    hub.environment["TOKEN"] = FIRST
    server = ("--config", "base_url=https://fhir.example.com/r4")
    hub.cli("integrations", "create", "fhir", "--name", "ward", *server, "--credential", "token=env:TOKEN")
    assert ready(hub, "fhir.resource.create") == ("ready", "")
    assert not providers.asked("/metadata"), "the catalogue itself asks nobody"

    hub.cli("integrations", "test", "ward")
    state, why = ready(hub, "fhir.resource.create")
    assert (state, "ward cannot do this: The server declares no create" in why) == ("needs_setup", True)
    assert ready(hub, "fhir.resource.read") == ("ready", "")
    assert "declares no create" in hub.cli("catalog", "get-action", "fhir.resource.create").stdout
    assert "not implemented" in hub.cli("catalog", "list-actions", "--provider", "fhir").stdout
    assert len(providers.asked("/metadata")) == 1, "what was found out is kept"

    able = {"code": "create"}
    providers.answers["/metadata"] = {
        **READ_ONLY,
        "rest": [{"mode": "server", "resource": [{"type": "Patient", "interaction": [able]}]}],
    }
    hub.cli("integrations", "test", "ward")
    assert ready(hub, "fhir.resource.create") == ("ready", "")
    assert ready(hub, "fhir.resource.read")[0] == "needs_setup"
