"""What an adapter makes of a verified delivery: an answer, or events with their names. Nothing here is kept or sent.

It runs in a thread of its own, so that an adapter that never ends does not stop the hub, and one poor event of a batch does not
lose the others.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, cast

from powerstrip.adapter import Adapter, Delivery, Incoming, Rejected, Reply
from powerstrip.adapter.model import by_name
from powerstrip.connect import one_line
from powerstrip.inbound.apart import Apart
from powerstrip.logs import Log, place_of
from powerstrip.problems import BadInput, StoreUnavailable
from powerstrip.strictjson import strict_json
from powerstrip.value import Value

SECONDS = 5.0
"""How long an adapter may take over one delivery."""
THREADS = 4
MAX_EVENTS = 5000
"""Events of one delivery."""
MAX_REPLY = 4096
"""Characters of an answer to a challenge."""
MAX_KEY = 200
"""Characters of a provider's id that are kept as they are; a longer one is kept as its hash."""
UNNAMED = "unnamed"
"""What an event is called that no model of the adapter fits."""

log = Log("powerstrip.inbound")


class Understood(Value):
    """One event of a delivery, ready to be kept. `reason` says why it has no name, where it has none."""

    name: str
    data: str
    """JSON text of an object, strictly readable, in the adapter's field names."""
    dedup_key: str
    digest: str
    provider_key: str | None = None
    account: str | None = None
    reason: str = ""


class NotUnderstood(Exception):
    """The adapter says that the delivery is no event of its provider. The message is fit to be kept."""


class Understanding:
    """Runs adapters' `receive` within a time limit."""

    def __init__(self) -> None:
        self._apart = Apart(THREADS, "receive")

    def close(self) -> None:
        """Let go of the threads; one that is stuck ends with the process."""
        self._apart.close()

    async def __call__(self, adapter: Adapter, delivery: Delivery) -> Reply | list[Understood]:
        """The adapter's answer, or its events. What the adapter breaks at is an event without a name, not a failure.

        Raises `NotUnderstood`, and `StoreUnavailable` where every thread is held by an adapter that does not end.
        """
        if self._apart.at_work >= THREADS * 16:
            raise StoreUnavailable("The hub is busy with other deliveries", retry_after=5)
        try:
            return await self._apart.run(lambda: understand(adapter, delivery), SECONDS)
        except TimeoutError:
            log.error("inbound.adapter_late", seconds=SECONDS)
            return [lost(adapter, delivery, "it took too long")]


def understand(adapter: Adapter, delivery: Delivery) -> Reply | list[Understood]:
    """Ask the adapter. Raises `NotUnderstood`."""
    assert adapter.receive is not None
    try:
        given = adapter.receive(delivery)
    except Rejected as refusal:
        raise NotUnderstood(one_line(refusal.message)) from None
    except Exception as error:  # noqa: BLE001 - somebody else's code: the delivery is genuine and must not be lost
        log.warning("inbound.adapter_failed", provider=adapter.id, error=type(error).__name__, at=place_of(error))
        return [lost(adapter, delivery, f"the adapter failed ({type(error).__name__})")]
    if isinstance(given, Reply):
        return Reply(str(given.text)[:MAX_REPLY])
    events: Sequence[object] = cast(Sequence[object], given) if isinstance(given, list) else [given]
    if len(events) > MAX_EVENTS:
        raise NotUnderstood(f"The delivery holds more than {MAX_EVENTS} events")
    alone = len(events) == 1
    return [_one(adapter, each, delivery.body if alone else None) for each in events]


def lost(adapter: Adapter, delivery: Delivery, reason: str) -> Understood:
    """A genuine delivery that could not be read: kept without a name, so that it can be replayed."""
    digest = _hash(delivery.body)
    return Understood(f"{adapter.id}.{UNNAMED}", "{}", f"sha256:{digest}", digest, reason=reason)


def name_event(adapter: Adapter, given: object) -> Understood:
    """One event that came without a delivery, as from a poll."""
    return _one(adapter, given, None)


def _one(adapter: Adapter, given: object, body: bytes | None) -> Understood:
    """One event. `body` tells it from others where the provider gives no id and it came alone."""
    if not isinstance(given, Incoming):
        digest = _hash(repr(type(given)).encode() + (body or b""))
        return Understood(f"{adapter.id}.{UNNAMED}", "{}", f"sha256:{digest}", digest, reason="the adapter gave no event")
    raw, reason = _text(given.data)
    digest = _hash(raw.encode())
    key = _key(given.key) or f"sha256:{_hash(body) if body is not None else digest}"
    name, text, reason = ("", raw, reason) if reason else _named(adapter, given.data, raw)
    return Understood(
        name=f"{adapter.id}.{name or UNNAMED}",
        data=text,
        dedup_key=key,
        digest=digest,
        provider_key=_short(given.key),
        account=_short(given.account),
        reason=reason,
    )


def _named(adapter: Adapter, data: object, raw: str) -> tuple[str, str, str]:
    """The first declared event that fits, its data in our field names, and why there is none."""
    for name, event in adapter.events.items():
        try:
            text, reason = _text(by_name(event.model.model_validate(data)))
        except Exception as error:  # noqa: BLE001 - a model is the adapter's code: what it raises is a no
            if not isinstance(error, ValueError):
                log.warning("inbound.model_failed", provider=adapter.id, name=name, error=type(error).__name__)
            continue
        return (name, text, "") if not reason else ("", "{}", reason)
    return "", raw, "no event of the adapter fits"


def _text(data: object) -> tuple[str, str]:
    """An event's data as strict JSON of an object, and what is wrong with it; `{}` where something is."""
    try:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        read: Any = strict_json(text.encode("utf-8"))
    except BadInput as error:
        return "{}", error.message
    except (ValueError, TypeError, RecursionError, UnicodeEncodeError):
        return "{}", "The event is no JSON"
    return (text, "") if isinstance(read, dict) else (f'{{"value":{text}}}', "")


def _key(key: object) -> str | None:
    """The provider's id as it is compared; None where it gives none."""
    if not isinstance(key, str) or not key:
        return None
    plain = key.isascii() and key.isprintable() and len(key) <= MAX_KEY and not key.startswith("sha256:")
    return key if plain else f"sha256:{_hash(key.encode('utf-8', 'replace'))}"


def _short(text: object) -> str | None:
    return one_line(text)[:MAX_KEY] or None if isinstance(text, str) else None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
