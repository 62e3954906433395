"""Every action of the six adapters that set the standard: done for real, refused, and in a sandbox as its provider would take it.

A row for each adapter says where it is real and who checks what a sandbox wrote down: Prism with the provider's description; for
S3 and FHIR, which have none, a server that reads strictly. What the rows do not name is taken from the adapter itself: each of
its actions, with the example of its own schema.
"""

import base64
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from parts.servers import DESCRIPTIONS, FHIR_TOKEN, SLACK_TOKEN, Store
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import Adapter, AuthFailed, Rejected
from powerstrip.adapter.model import by_name
from powerstrip.adapter.testing.samples import sample
from powerstrip_fhir import fhir
from powerstrip_http import http
from powerstrip_http.importing import read
from powerstrip_http.making import make
from powerstrip_postmark import postmark
from powerstrip_s3 import s3
from powerstrip_slack import slack
from powerstrip_stripe import stripe

pytestmark = pytest.mark.part

Values = dict[str, dict[str, Any]]
"""What an action's example does not have right, by its id."""
Prepare = Callable[[Connected], Awaitable[Values]]
BUCKET = "every-action"
OWNER = Store("").credentials


async def nothing(_: Connected) -> Values:
    """Prism remembers nothing."""
    return {}


async def a_message(team: Connected) -> Values:
    """A message that stands in a channel."""
    channels = (await team.call("channel.list")).channels
    channel = next(each.id for each in channels if each.name == "general")
    posted = await team.call("message.post", channel=channel, text="Look")
    people = (await team.call("user.list")).users
    there = {"channel": channel, "ts": posted.ts}
    return {
        "message.post": {"channel": channel, "thread_ts": None, "blocks": None},
        "message.schedule": {"channel": channel, "post_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
        "message.update": there,
        "message.delete": there,
        "reaction.add": there,
        "conversation.history": {"channel": channel, "cursor": None, "oldest": None, "latest": None},
        "channel.create": {"name": f"c-{uuid.uuid4().hex[:12]}"},
        "file.upload": {"channel": channel},
        "user.lookup_by_email": {"email": next(each.profile.email for each in people if each.profile.email)},
    }


async def an_object(store: Connected) -> Values:
    """A bucket with an object in it."""
    with suppress(Rejected):  # it is there already
        await store.http("raw", read_only=False).send("PUT", f"/{BUCKET}")
    await store.call("object.put", bucket=BUCKET, key="kept", body="SGVsbG8h")
    there = {"bucket": BUCKET, "key": "kept"}
    copy = {"source_bucket": BUCKET, "source_key": "kept", "target_bucket": BUCKET, "target_key": "copied"}
    named: Values = {action: there for action in s3.actions if action.startswith("object.")}
    return named | {"object.list": {"bucket": BUCKET, "prefix": ""}, "object.copy": copy}


async def a_mail(_: Connected) -> Values:
    """What the description asks for beyond its single fields."""
    plain = {"From": "shop@example.com", "To": "ada@example.com"}
    mail = plain | {"Subject": "Hello", "TextBody": "Hi"}
    return {
        "request.send": {"path": "/server"},
        "mail.send_email": {"body": mail},
        "mail.send_batch": {"body": [mail]},
        "mail.send_email_with_template": {"body": plain | {"TemplateAlias": "welcome", "TemplateModel": {"name": "Ada"}}},
    }


async def a_patient(ward: Connected) -> Values:
    """A patient with a record of two versions."""
    given = {"resourceType": "Patient", "active": True}
    made = await ward.call("resource.create", resource=given)
    there = {"resource_type": "Patient", "id": made.id}
    step = {"method": "POST", "url": "Patient", "resource": given}
    return {
        "resource.read": there | {"version_id": made.version_id},
        "resource.search": {"resource_type": "Patient"},
        "resource.create": {"resource": given},
        "resource.update": {"resource": made.resource | {"gender": "other"}, "if_match": made.version_id},
        "resource.patch": there | {"changes": [{"op": "add", "path": "/gender", "value": "other"}], "if_match": made.version_id},
        "resource.delete": there,
        "resource.history": there,
        "bundle.transaction": {"entries": [step]},
        "patient.everything": {"patient": made.id},
    }


@dataclass(frozen=True)
class Row:
    """An adapter, the part it is real at, and the part that checks its sandbox."""

    adapter: Adapter
    part: str
    credentials: dict[str, str]
    checked_by: str = ""
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    prepare: Prepare = nothing
    prepare_checker: Prepare = nothing
    stranger: dict[str, str] = field(default_factory=dict[str, str])
    """A credential that the part refuses; none at all where it asks for one and knows no names."""
    wordless: tuple[str, ...] = ()
    """Actions whose refusal says nothing, not even whether the credential is good."""
    unsent: tuple[str, ...] = ()
    """Actions that send nothing."""
    open: tuple[str, ...] = ()
    """Actions that need no credential."""


def imported() -> Adapter:
    """Custom HTTP with the operations of a description: its actions are none that anybody wrote."""
    definition = read(yaml.safe_load((DESCRIPTIONS / "postmark.yaml").read_text())).definition
    return replace(http, actions={**http.actions, **make("mail", definition).actions})


ROWS = [
    Row(postmark, "postmark_url", {"server_token": "pm-invented-token"}, config={"from_address": "shop@example.com"}),
    Row(stripe, "stripe_description_url", {"secret_key": "sk_test_invented"}),
    Row(slack, "slack_url", {"bot_token": SLACK_TOKEN}, "slack_description_url", prepare=a_message),
    Row(
        s3,
        "weed",
        OWNER,
        "moto_store",
        config={"bucket": BUCKET},
        prepare=an_object,
        prepare_checker=an_object,
        stranger=OWNER | {"secret_access_key": "another"},
        wordless=("object.head",),
        unsent=("object.presign",),
    ),
    Row(
        fhir,
        "fhir_url",
        {"token": FHIR_TOKEN},
        prepare=a_patient,
        stranger={"token": "another"},
        open=("capability.get",),
    ),
    Row(
        imported(),
        "postmark_url",
        {"api_key": "key-invented-for-mail"},
        config={"auth_header": "X-Postmark-Server-Token"},
        prepare=a_mail,
    ),
]
CASES = [(row, action) for row in ROWS for action in sorted(row.adapter.actions)]


@dataclass(frozen=True)
class Case:
    """One action at its part, with an input that fits what is there."""

    row: Row
    action: str
    at: Connected
    input: dict[str, Any]
    base: str
    checker: str


def address(request: pytest.FixtureRequest, fixture: str) -> str:
    """Where a part is."""
    found: str | Store = request.getfixturevalue(fixture)
    return found.url if isinstance(found, Store) else found


def every_action() -> pytest.MarkDecorator:
    """All of them, each with a name that tells adapter and action."""
    names = [f"{row.adapter.id}.{action}" for row, action in CASES]
    return pytest.mark.parametrize("case", CASES, indirect=True, ids=names)


@pytest.fixture
async def case(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Case]:
    row, action = request.param
    base = address(request, row.part)
    config = row.config | ({"base_url": base} if row.adapter.base_url_field == "base_url" else {})
    async with connected(row.adapter, base, tmp_path, row.credentials, **config) as at:
        example = sample(row.adapter.actions[action].input)
        given = (by_name(example) if example else {}) | (await row.prepare(at)).get(action, {})
        fit = {name: value for name, value in given.items() if value is not None}
        yield Case(row, action, at, fit, base, address(request, row.checked_by or row.part))


@every_action()
async def test_it_is_done(case: Case) -> None:
    assert await case.at.call(case.action, **case.input) is not None


@every_action()
async def test_it_is_refused_without_a_good_credential(case: Case) -> None:
    stranger = Connected(case.at.edge, case.row.adapter, case.at.config, case.row.stranger)
    if case.action in case.row.unsent + case.row.open:
        assert await stranger.call(case.action, **case.input) is not None
        return
    with pytest.raises(Rejected if case.action in case.row.wordless else AuthFailed) as caught:
        await stranger.call(case.action, **case.input)
    assert caught.value.message
    assert not any(value in str(caught.value) for value in case.at.credentials.values())


@every_action()
async def test_what_a_sandbox_would_send_is_taken(case: Case, tmp_path: Path) -> None:
    rows = await case.at.sandboxed(case.action, **case.input)
    assert bool(rows) is (case.action not in case.row.unsent)
    async with connected(case.row.adapter, case.checker, tmp_path, case.at.credentials, **case.at.config) as checker:
        await case.row.prepare_checker(checker)
    for row in rows:
        assert not any(value in json.dumps(row) for value in case.at.credentials.values())
        if not row["url"].startswith(case.base):
            continue  # an address that the provider would have handed out
        answer = await replayed(row, case)
        assert answer.status_code < 400, answer.text[:500]


async def replayed(row: dict[str, Any], case: Case) -> httpx2.Response:
    """Send what was written down to the part that checks it, the credential in its place."""
    headers = [(name, filled(value, case.at.credentials)) for name, value in json.loads(row["headers"])]
    body = row["body"].encode() if row["body_encoding"] == "text" else base64.b64decode(row["body"])
    url = case.checker + row["url"].removeprefix(case.base)
    async with httpx2.AsyncClient(timeout=30) as client:
        return await client.request(row["method"], url, headers=headers, content=body)


def filled(text: str, credentials: dict[str, str]) -> str:
    """Placeholders as the values they stand for."""
    for name, value in credentials.items():
        text = text.replace(f"<{name}>", value)
    return text
