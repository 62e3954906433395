"""Against a server that answers as Vault's documentation says (KV version 2, transit)."""

import asyncio
import base64
import json
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from powerstrip.adapter.backend import BackendFailed
from powerstrip.edge import OperatorWay
from powerstrip.settings import Settings
from powerstrip.vault import Backends, MasterKeyError, load_masters

TOKEN = "hvs.invented-token"
KEY = bytes(range(32))
TEXT = base64.b64encode(KEY).decode()


class Recorded:
    """What a Vault server answers, by its public documentation. Transit here only turns texts around."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, request: Request) -> Response:
        self.seen.append(f"{request.method} {request.path}")
        if request.headers.get("X-Vault-Token") != TOKEN:
            return self.told(403, {"errors": ["permission denied"]})
        match request.method, request.path:
            case "GET", "/v1/secret/data/powerstrip":
                data = {"master_key": TEXT, "other": "invented"}
                return self.told(200, {"data": {"data": data, "metadata": {"version": 3, "destroyed": False}}})
            case "POST", "/v1/transit/encrypt/powerstrip":
                return self.told(200, {"data": {"ciphertext": "vault:v1:" + json.loads(request.data)["plaintext"][::-1]}})
            case "POST", "/v1/transit/decrypt/powerstrip":
                text: str = json.loads(request.data)["ciphertext"]
                if not text.startswith("vault:v1:"):
                    return self.told(400, {"errors": ["invalid ciphertext: no prefix"]})
                return self.told(200, {"data": {"plaintext": text.removeprefix("vault:v1:")[::-1]}})
            case "GET", "/v1/secret/data/sealed":
                return self.told(503, {"errors": ["Vault is sealed"]})
            case "GET", "/v1/secret/data/moved":
                return Response(status=307, headers={"location": "/v1/secret/data/powerstrip"})
            case _:
                return self.told(404, {"errors": []})

    @staticmethod
    def told(status: int, body: object) -> Response:
        return Response(json.dumps(body), status, content_type="application/json")


@pytest.fixture
def recorded(httpserver: HTTPServer) -> Recorded:
    server = Recorded()
    httpserver.expect_request(re.compile(".*")).respond_with_handler(server)
    return server


def backends(httpserver: HTTPServer, **more: str) -> Backends:
    environ = {
        "POWERSTRIP_VAULT_ADDR": httpserver.url_for("").replace("localhost", "127.0.0.1"),
        "POWERSTRIP_VAULT_TOKEN": TOKEN,
    } | more
    found = {"vault": EntryPoint("vault", "powerstrip_vault:vault", "powerstrip.backends")}
    return Backends(environ, OperatorWay, found)


def test_the_master_key_is_read_from_kv(httpserver: HTTPServer, recorded: Recorded, tmp_path: Path) -> None:
    environ = {"POWERSTRIP_MASTER_KEY_FROM": "vault:secret/data/powerstrip#master_key"}
    masters = load_masters(Settings(data=tmp_path), environ, backends(httpserver))
    assert masters.current.as_root() == KEY
    assert environ == {}
    assert list(tmp_path.iterdir()) == []


def test_the_master_key_is_wrapped_by_transit(httpserver: HTTPServer, recorded: Recorded) -> None:
    reference = backends(httpserver).wrap("vault:transit/powerstrip", KEY)
    assert reference.startswith("vault:transit/powerstrip/vault:v1:")
    assert backends(httpserver).master_key(reference) == KEY
    assert recorded.seen == ["POST /v1/transit/encrypt/powerstrip", "POST /v1/transit/decrypt/powerstrip"]


def test_secrets_are_read(httpserver: HTTPServer, recorded: Recorded) -> None:
    assert backends(httpserver).secret("vault:secret/data/powerstrip") == {"master_key": TEXT, "other": "invented"}
    assert backends(httpserver).secret("vault:secret/data/powerstrip#other") == {"other": "invented"}


def test_the_token_may_be_in_a_file(httpserver: HTTPServer, recorded: Recorded, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    more = {"POWERSTRIP_VAULT_TOKEN": "", "POWERSTRIP_VAULT_TOKEN_FILE": str(path)}
    assert backends(httpserver, **more).secret("vault:secret/data/powerstrip#other") == {"other": "invented"}


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("vault:secret/data/nothing", "404"),
        ("vault:secret/data/sealed", "unseal"),
        ("vault:secret/data/moved", "307"),
        ("vault:secret/data/powerstrip#none", "no text in the field none"),
        ("vault:../../sys/seal", "MOUNT/data/PATH"),
        ("vault:secret/data/a?version=1", "MOUNT/data/PATH"),
        ("aws:kms/x", "install powerstrip-aws"),
    ],
)
def test_what_goes_wrong_is_told_without_a_secret(httpserver: HTTPServer, recorded: Recorded, reference: str, words: str) -> None:
    with pytest.raises(BackendFailed, match=words) as failed:
        backends(httpserver).secret(reference)
    assert TOKEN not in str(failed.value)
    assert TEXT not in str(failed.value)


def test_a_refused_token_stops_the_start(httpserver: HTTPServer, recorded: Recorded, tmp_path: Path) -> None:
    environ = {"POWERSTRIP_MASTER_KEY_FROM": "vault:secret/data/powerstrip#master_key"}
    with pytest.raises(MasterKeyError, match="refused the token"):
        load_masters(Settings(data=tmp_path), environ, backends(httpserver, POWERSTRIP_VAULT_TOKEN="wrong-invented"))
    assert list(tmp_path.iterdir()) == [], "no other key is made instead"


def test_plain_http_to_another_machine_is_refused(httpserver: HTTPServer) -> None:
    with pytest.raises(BackendFailed, match="https"):
        backends(httpserver, POWERSTRIP_VAULT_ADDR="http://vault.example.com").secret("vault:secret/data/x")


async def test_settings_leave_the_environment(httpserver: HTTPServer) -> None:
    environ = {"POWERSTRIP_VAULT_TOKEN": TOKEN, "HOME": "/"}
    found = {"vault": EntryPoint("vault", "powerstrip_vault:vault", "powerstrip.backends")}
    await asyncio.to_thread(Backends, environ, OperatorWay, found)
    assert environ == {"HOME": "/"}
