"""AWS as a back end: the master key wrapped by KMS, and secrets in Secrets Manager.

Written to the public APIs: https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html,
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html, and to Signature Version 4:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.

References:

- `aws:kms/CIPHERTEXT`: what KMS Encrypt gave for the master key, in base64
- `aws:secretsmanager/NAME` or `…/ARN`, with `#FIELD` for one field: a secret whose text is a JSON object of texts, or text alone

Settings: `POWERSTRIP_AWS_REGION`, `POWERSTRIP_AWS_ACCESS_KEY_ID`, `POWERSTRIP_AWS_SECRET_ACCESS_KEY`,
`POWERSTRIP_AWS_SESSION_TOKEN`, and `POWERSTRIP_AWS_ENDPOINT` for another address than Amazon's.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, cast

from powerstrip.adapter.backend import Backend, BackendFailed, WayOut
from powerstrip_aws.signing import Keys, signed

TARGETS = {"kms": "TrentService", "secretsmanager": "secretsmanager"}
CONTEXT = {"purpose": "powerstrip-master-key"}
"""KMS's encryption context: a ciphertext made for something else does not open here."""


class AwsBackend(Backend):
    """Speaks to KMS and Secrets Manager of one region."""

    scheme = "aws"
    title = "AWS"

    def master_key(self, reference: str, way: WayOut) -> bytes:
        """Unwrap by KMS, or base64 text kept in Secrets Manager. Raises `BackendFailed`."""
        service, _, rest = reference.partition("/")
        if service == "kms":
            answer = _ask(way, "kms", "Decrypt", {"CiphertextBlob": rest, "EncryptionContext": CONTEXT})
            return _decoded(_text(answer, "Plaintext"))
        found = self.secret(reference, way)
        if len(found) != 1:
            raise BackendFailed("Name the field of the secret that is the master key, as in aws:secretsmanager/hub#master_key")
        return _decoded(next(iter(found.values())))

    def wrap(self, reference: str, material: bytes, way: WayOut) -> str:
        """Encrypt with the KMS key that `kms/KEY` names (an id, an ARN, or alias/NAME)."""
        service, _, key = reference.partition("/")
        if service != "kms" or not key:
            raise BackendFailed("Name a KMS key, such as aws:kms/alias/powerstrip")
        plain = base64.b64encode(material).decode()
        answer = _ask(way, "kms", "Encrypt", {"KeyId": key, "Plaintext": plain, "EncryptionContext": CONTEXT})
        return f"kms/{_text(answer, 'CiphertextBlob')}"

    def secret(self, reference: str, way: WayOut) -> Mapping[str, str]:
        """The current version of a secret. Text that is no JSON object is the one field `value`. Raises `BackendFailed`."""
        service, _, rest = reference.partition("/")
        name, _, field = rest.partition("#")
        if service != "secretsmanager" or not name:
            raise BackendFailed("A reference is secretsmanager/NAME, such as aws:secretsmanager/shop")
        text = _text(_ask(way, "secretsmanager", "GetSecretValue", {"SecretId": name}), "SecretString")
        found = _fields(text)
        if field and field not in found:
            raise BackendFailed(f"The secret has no text in the field {field}")
        return {field: found[field]} if field else found


def _ask(way: WayOut, service: str, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
    settings = way.settings
    missing = [name for name in ("REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY") if not settings.get(name)]
    if missing:
        raise BackendFailed("Set " + ", ".join(f"POWERSTRIP_AWS_{name}" for name in missing))
    keys = Keys(settings["ACCESS_KEY_ID"], settings["SECRET_ACCESS_KEY"], settings.get("SESSION_TOKEN", ""))
    url = settings.get("ENDPOINT", "").rstrip("/") or f"https://{service}.{settings['REGION']}.amazonaws.com"
    content = json.dumps(body).encode()
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"{TARGETS[service]}.{action}"}
    answer = way.send("POST", f"{url}/", signed(keys, settings["REGION"], service, f"{url}/", headers, content), content)
    try:
        told: Any = json.loads(answer.body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise BackendFailed(f"AWS answered {answer.status}, in a form that was not understood")
    if answer.status != 200:
        raise BackendFailed(_why(service, action, cast(dict[str, Any], told)))
    return cast(dict[str, Any], told)


def _why(service: str, action: str, told: dict[str, Any]) -> str:
    """The name of the failure alone: AWS's own words may quote the request."""
    name = str(told.get("__type", "")).rpartition("#")[2]
    known = name if name.isascii() and name.isalnum() and len(name) < 80 else "an unnamed failure"
    return f"AWS {service} refused {action}: {known}"


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise BackendFailed(f"AWS's answer has no {name}")
    return value


def _fields(text: str) -> dict[str, str]:
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {"value": text}
    return {str(name): value for name, value in cast(dict[Any, Any], found).items() if isinstance(value, str)}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BackendFailed("What AWS gave is no key in base64") from None


aws = AwsBackend()
