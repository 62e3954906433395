"""What is made of deliveries: batches with poison, adapters that fail or never end, anything at all as data."""

import json
import time
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerstrip.adapter import Adapter, Delivery, Hmac, Incoming, Model, NoAuth, Rejected
from powerstrip.inbound.redaction import redacted
from powerstrip.inbound.understanding import NotUnderstood, Understanding, understand
from powerstrip.strictjson import strict_json


def adapter(receive: Any) -> Adapter:
    made = Adapter(id="acme", title="Acme", base_url="https://acme.example", auth=NoAuth())

    @made.event("thing.made")
    class Made(Model):
        """A thing was made."""

        kind: Literal["made"]
        number: int

    made.webhook(verify=Hmac(header="x-sign"))(receive)
    return made


def names(given: Any) -> list[str]:
    assert isinstance(given, list)
    return [each.name for each in given]


def test_a_poison_element_does_not_lose_the_thousand_others() -> None:
    def receive(delivery: Delivery) -> Any:
        events: list[Any] = [Incoming({"kind": "made", "number": number}, key=f"k{number}") for number in range(1000)]
        events[500] = Incoming({"bad": object()}, key="poison")
        events[501] = "no event at all"
        return events

    found = understand(adapter(receive), Delivery(b"[]"))
    assert names(found).count("acme.thing.made") == 998
    assert names(found).count("acme.unnamed") == 2
    assert len({each.dedup_key for each in found}) == 1000


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), RecursionError(), TypeError()])
def test_an_adapter_that_fails_loses_nothing(error: Exception) -> None:
    def receive(delivery: Delivery) -> Any:
        raise error

    (event,) = understand(adapter(receive), Delivery(b"{}"))
    assert event.name == "acme.unnamed"
    assert type(error).__name__ in event.reason


def test_a_refusal_of_the_adapter_is_told() -> None:
    def receive(delivery: Delivery) -> Any:
        raise Rejected("This is no event")

    with pytest.raises(NotUnderstood, match="no event"):
        understand(adapter(receive), Delivery(b"{}"))


async def test_an_adapter_that_does_not_end_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("powerstrip.inbound.understanding.SECONDS", 0.05)
    understanding = Understanding()

    def receive(delivery: Delivery) -> Any:
        time.sleep(0.3)
        return Incoming({})

    started = time.monotonic()
    (event,) = await understanding(adapter(receive), Delivery(b"{}"))
    assert time.monotonic() - started < 0.25
    assert (event.name, event.reason) == ("acme.unnamed", "it took too long")
    understanding.close()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(data=ANYTHING, key=st.none() | st.text(max_size=400), account=st.none() | st.text(max_size=400))
def test_whatever_an_adapter_gives_can_be_kept(data: Any, key: str | None, account: str | None) -> None:
    (event,) = understand(adapter(lambda delivery: Incoming(data, key=key, account=account)), Delivery(b"body"))
    assert isinstance(strict_json(event.data.encode()), dict)
    assert 1 <= len(event.dedup_key) <= 300
    assert len(event.name) <= 200
    again = understand(adapter(lambda delivery: Incoming(data, key=key, account=account)), Delivery(b"body"))
    assert isinstance(again, list)
    assert again[0].dedup_key == event.dedup_key
    json.dumps(redacted(json.loads(event.data)))
