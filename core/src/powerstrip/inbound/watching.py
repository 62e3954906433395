"""What an admin chose to look at: the `watch` form of a poll or a subscription."""

import hashlib
import json
from typing import Any

from powerstrip.adapter import Adapter, Model
from powerstrip.adapter.model import by_name
from powerstrip.connect import plugin_code, refuse_secrets
from powerstrip.validation import encode, read_json

MAX_WATCH = 16 * 1024
"""Bytes of JSON."""


def read_watch(adapter: Adapter, form: type[Model], given: dict[str, Any]) -> dict[str, Any]:
    """The form filled in, defaults included. Raises `BadInput` with paths, `Unprocessable` for a secret in it."""
    text = encode(given, "watch", MAX_WATCH)
    refuse_secrets(given, "watch", "what is watched is no secret", under="watch")
    with plugin_code(f"{adapter.id}:watch"):
        return by_name(read_json(form, text, "watch", under="watch"))


def watched(adapter: Adapter, form: type[Model], kept: dict[str, Any]) -> Model:
    """The same as the adapter's model. Raises as `read_watch`: a newer adapter may ask for more."""
    with plugin_code(f"{adapter.id}:watch"):
        return read_json(form, json.dumps(kept), "watch", under="watch")


def key_of(watch: dict[str, Any]) -> str:
    """Tells one choice from another."""
    return hashlib.sha256(json.dumps(watch, sort_keys=True).encode()).hexdigest()
