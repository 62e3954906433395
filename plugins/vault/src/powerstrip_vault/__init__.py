"""HashiCorp Vault as a back end: the master key in KV version 2 or wrapped by transit, and secrets in KV version 2.

Written to the public HTTP API: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 and
https://developer.hashicorp.com/vault/api-docs/secret/transit.

References:

- `vault:MOUNT/data/PATH#FIELD`: a field of a secret of KV version 2; without `#FIELD` all fields
- `vault:transit/KEY/CIPHERTEXT`: what `transit/encrypt/KEY` gave for the key, beginning with `vault:v`

Settings: `POWERSTRIP_VAULT_ADDR`, `POWERSTRIP_VAULT_TOKEN`, or `POWERSTRIP_VAULT_TOKEN_FILE` (read at each request, as agents
renew it), and `POWERSTRIP_VAULT_NAMESPACE`.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from powerstrip.adapter.backend import Backend, BackendFailed, WayOut

SEGMENT = re.compile(r"[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*", re.ASCII)
KEY_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


class VaultBackend(Backend):
    """Speaks to one Vault server."""

    scheme = "vault"
    title = "HashiCorp Vault"

    def master_key(self, reference: str, way: WayOut) -> bytes:
        """From transit, or base64 text in one field of KV. Raises `BackendFailed`."""
        mount, _, rest = reference.partition("/")
        if mount != "transit":
            field = reference.rpartition("#")[2] if "#" in reference else "master_key"
            return _decoded(_field(self.secret(reference.partition("#")[0], way), field))
        key, _, ciphertext = rest.partition("/")
        answer = _ask(way, "POST", f"transit/decrypt/{_key_name(key)}", {"ciphertext": ciphertext})
        return _decoded(_field(answer, "plaintext"))

    def wrap(self, reference: str, material: bytes, way: WayOut) -> str:
        """Encrypt with the transit key that `transit/KEY` names; gives the reference that holds the ciphertext."""
        mount, _, key = reference.partition("/")
        if mount != "transit":
            raise BackendFailed("Name a transit key, such as vault:transit/powerstrip")
        plain = base64.b64encode(material).decode()
        answer = _ask(way, "POST", f"transit/encrypt/{_key_name(key)}", {"plaintext": plain})
        return f"transit/{key}/{_field(answer, 'ciphertext')}"

    def secret(self, reference: str, way: WayOut) -> Mapping[str, str]:
        """The fields of the latest version in KV. Raises `BackendFailed`."""
        path, _, field = reference.partition("#")
        if not SEGMENT.fullmatch(path) or any(set(part) <= {"."} for part in path.split("/")):
            raise BackendFailed("A reference is MOUNT/data/PATH, such as vault:secret/data/shop")
        fields = _ask(way, "GET", path, None).get("data")
        if not isinstance(fields, dict):
            raise BackendFailed("There is no secret of KV version 2 at this path")
        found = {str(name): value for name, value in cast(dict[Any, Any], fields).items() if isinstance(value, str)}
        return {field: _field(found, field)} if field else found


def _ask(way: WayOut, method: str, path: str, body: Any) -> dict[str, Any]:
    """The `data` of an answer."""
    address = way.settings.get("ADDR", "").rstrip("/")
    if not address:
        raise BackendFailed("Set POWERSTRIP_VAULT_ADDR, such as https://vault.example.com:8200")
    headers = {"X-Vault-Token": _token(way.settings), "X-Vault-Request": "true"}
    if namespace := way.settings.get("NAMESPACE"):
        headers["X-Vault-Namespace"] = namespace
    answer = way.send(method, f"{address}/v1/{path}", headers, b"" if body is None else json.dumps(body).encode())
    if answer.status != 200:
        raise BackendFailed(_why(answer.status))
    try:
        data: Any = json.loads(answer.body)["data"]
    except (ValueError, KeyError, TypeError):
        data = None
    if not isinstance(data, dict):
        raise BackendFailed("Vault's answer was not understood: is POWERSTRIP_VAULT_ADDR a Vault server?")
    return cast(dict[str, Any], data)


def _why(status: int) -> str:
    """What to do about a refusal. Vault's own words are not repeated: they may quote the request."""
    words = {
        400: "Vault refused the request (400): is the key or the ciphertext the right one?",
        403: "Vault refused the token (403): is it valid, and does its policy allow this path?",
        404: "Vault has nothing there (404): check the mount and the path",
        503: "Vault is sealed (503): unseal it",
    }
    return words.get(status, f"Vault answered {status}")


def _token(settings: Mapping[str, str]) -> str:
    if token := settings.get("TOKEN", "").strip():
        return token
    path = settings.get("TOKEN_FILE", "")
    if not path:
        raise BackendFailed("Set POWERSTRIP_VAULT_TOKEN or POWERSTRIP_VAULT_TOKEN_FILE")
    try:
        return Path(path).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise BackendFailed("The file that POWERSTRIP_VAULT_TOKEN_FILE names cannot be read") from None


def _key_name(name: str) -> str:
    if not KEY_NAME.fullmatch(name) or set(name) <= {"."}:
        raise BackendFailed("Name a transit key, such as vault:transit/powerstrip")
    return name


def _field(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise BackendFailed(f"Vault's secret has no text in the field {name}")
    return value


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BackendFailed("What Vault keeps there is no key in base64") from None


vault = VaultBackend()
