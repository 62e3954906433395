"""Bodies that a scheme must look into."""

from email import message_from_bytes
from email.policy import HTTP
from typing import Any, cast
from urllib.parse import parse_qsl

from powerstrip.inbound.verifying.delivery import RawDelivery, refuse
from powerstrip.problems import BadInput
from powerstrip.strictjson import strict_json

MAX_FIELDS = 1000


def json_object(raw: bytes, what: str = "The body") -> dict[str, Any]:
    """The JSON object in `raw`. Raises `Refused` (malformed)."""
    try:
        value = strict_json(raw)
    except BadInput:
        value = None
    if not isinstance(value, dict):
        refuse("malformed", f"{what} is no JSON object.")
    return cast(dict[str, Any], value)


def at_path(value: Any, path: str) -> Any:
    """What stands at a dotted path of objects; None where nothing does."""
    for name in path.split("."):
        value = cast(dict[str, Any], value).get(name) if isinstance(value, dict) else None
    return value


def form_fields(delivery: RawDelivery) -> list[tuple[str, str]]:
    """The fields of a form, url-encoded or in parts (RFC 7578; files are left out). Raises `Refused` (malformed)."""
    kind = delivery.optional("content-type") or ""
    if kind.lower().startswith("multipart/form-data"):
        return _parts(kind, delivery.body)
    try:
        return parse_qsl(delivery.body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        refuse("malformed", "The body is no form.")


def _parts(kind: str, body: bytes) -> list[tuple[str, str]]:
    try:
        whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP)
        parts = list(whole.iter_parts()) if whole.is_multipart() else []
        found = [
            (str(part.get_param("name", header="content-disposition")), part.get_payload(decode=True))
            for part in parts[:MAX_FIELDS]
            if part.get_filename() is None
        ]
        return [(name, value.decode()) for name, value in found if isinstance(value, bytes)]
    except (ValueError, LookupError, TypeError, AttributeError):
        refuse("malformed", "The body is no form.")
