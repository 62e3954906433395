"""Every GraphQL text that Linear's adapter sends, judged by Linear's own schema."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from powerstrip.adapter import Request
from powerstrip.adapter.testing.capture import run
from powerstrip.adapter.testing.samples import sample
from powerstrip_linear import linear


@pytest.fixture(scope="module")
def schema(shared: Path) -> GraphQLSchema:
    return build_schema(gzip.decompress((shared / "providers/linear/schema.graphql.gz").read_bytes()).decode(), assume_valid=True)


def sent() -> list[tuple[str, Request]]:
    """What each action, picker and the account question would send, with words to look up where they may stand."""
    from powerstrip.adapter import Query, Wish
    from powerstrip_linear.events import EVENTS, Hooks, Registration, Watched

    calls: dict[str, tuple[Any, ...]] = {}
    for name, action in linear.actions.items():
        calls[name] = (action.run, sample(action.input))
    for name, picker in linear.pickers.items():
        calls[f"picker {name}"] = (picker.pages, Query(values={"team": "11111111-1111-4111-8111-111111111111"}))
    hooks, wish = Hooks(), Wish("https://hub.example.com/v1/hooks/ep_1", tuple(EVENTS), Watched())
    found = Registration("1", wish.url, wish.events)
    calls |= {
        "account": (linear.whoami,),
        "webhook list": (hooks.list, Watched()),
        "webhook create": (hooks.create, wish),
        "webhook change": (hooks.change, found, wish),
        "webhook delete": (hooks.delete, found, Watched()),
    }
    return [(name, request) for name, (call, *given) in calls.items() for request in run(linear, call, *given).sent]


@pytest.mark.parametrize(("name", "request_"), sent(), ids=lambda each: each if isinstance(each, str) else "")
def test_linear_knows_every_field(schema: GraphQLSchema, name: str, request_: Request) -> None:
    assert isinstance(request_.body, bytes)
    assert not validate(schema, parse(json.loads(request_.body)["query"])), name
