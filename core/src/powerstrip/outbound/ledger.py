"""What a sandbox would have sent to a webhook, for the ledger."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from powerstrip.clock import row_id, stamp
from powerstrip.outbound.signing import shown

PROVIDER = "webhook"
ACTION = "webhook.deliver"
KEPT_BODY = 64 * 1024
"""Bytes of a body that the ledger keeps."""


def ledger_row(project_id: str, url: str, headers: Sequence[tuple[str, str]], body: bytes, delivery_id: str) -> dict[str, Any]:
    """A row of the table `would_send`."""
    return {
        "id": row_id("ws"),
        "project_id": project_id,
        "integration_id": None,
        "invocation_id": None,
        "provider": PROVIDER,
        "action_name": ACTION,
        "method": "POST",
        "url": url,
        "headers": json.dumps(shown(headers), ensure_ascii=False, separators=(",", ":")),
        "body": body.decode() if len(body) <= KEPT_BODY else "",
        "body_encoding": "text",
        "body_size": len(body),
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "idempotency_key": delivery_id,
        "answer_status": 200,
        "answer": "",
        "created_at": stamp(),
    }
