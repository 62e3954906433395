"""The conformance kit itself: a good adapter passes, and each rule catches what it is for."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, field_validator

from powerstrip.adapter import (
    Account,
    Adapter,
    ApiKey,
    Choice,
    Delivery,
    Hmac,
    Http,
    Incoming,
    Model,
    Page,
    Pick,
    Query,
    Rejected,
    Reply,
    Request,
    Secret,
    segment,
)
from powerstrip.adapter.testing import CONFORMANCE, check
from powerstrip.adapter.testing.imports import importing_opens_nothing

RULES = {rule.__name__: rule for rule in CONFORMANCE}
SIGNED = Hmac(header="x-acme-signature")


def acme(**changes: Any) -> Adapter:
    facts: dict[str, Any] = {
        "id": "acme",
        "title": "Acme",
        "base_url": "https://api.acme.example/v1",
        "description": "Keeps notes.",
        "auth": ApiKey(header="X-Key"),
    }
    return Adapter(**(facts | changes))


def broken(adapter: Adapter, rule: str) -> list[str]:
    return list(RULES[rule](adapter))


class Note(Model):
    id: str
    text: str = ""


class Write(Model):
    text: str


# --- the contract as one line -----------------------------------------------------------------------------------------

GOOD = '''
    from typing import Annotated, Literal
    from powerstrip.adapter import *

    good = Adapter("good", "Good", "https://api.good.example", ApiKey(header="X-Key"), description="Keeps notes.")

    class Note(Model):
        book: Annotated[str, Pick("book")]
        text: str

    class Kept(Model):
        id: str

    @good.action("note.add")
    async def add(http: Http, note: Note) -> Kept:
        """Add a note to a book."""
        return await http.post(f"/books/{segment(note.book)}/notes", json={"text": note.text}, returns=Kept)

    @good.event("note.added")
    class Added(Model):
        """A note was added."""
        type: Literal["added"]
        id: str

    @good.webhook(verify=Hmac(header="x-good-signature"))
    def receive(delivery: Delivery) -> Incoming:
        match delivery.json():
            case {"id": str(key)} as event:
                return Incoming(event, key=key)
            case _:
                raise Rejected("not an event")

    @good.picker("book")
    async def books(http: Http, query: Query) -> Page:
        """The books of the account."""
        return Page([Choice(each["id"], each["name"]) for each in await http.get("/books")])

    @good.account
    async def account(http: Http) -> Account:
        me = await http.get("/me", returns=Kept)
        return Account(me.id, me.id)
'''

TEST_FILE = """
    from good_for_powerstrip import good
    from powerstrip.adapter.testing import check

    test_contract = check(good)
"""


def run_suite(folder: Path, code: str) -> str:
    """Run a plugin's test file as its author would; gives what pytest prints."""
    (folder / "good_for_powerstrip.py").write_text(dedent(code))
    (folder / "test_good.py").write_text(dedent(TEST_FILE))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "."]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


def test_one_line_yields_the_whole_suite(tmp_path: Path) -> None:
    assert f"{len(CONFORMANCE)} passed" in run_suite(tmp_path, GOOD)


def test_a_broken_rule_fails_its_own_test_and_says_what_to_mend(tmp_path: Path) -> None:
    said = run_suite(tmp_path, GOOD.replace('Pick("book")', 'Pick("shelf")').replace('"""Add a note to a book."""', ""))
    assert "- action note.add, input: book names the picker 'shelf', which is not registered" in said
    assert "- action note.add: give its function a docstring" in said
    assert "test_contract[pickers_exist]" in said
    assert "test_contract[everything_is_documented]" in said


def test_the_tests_are_named_by_their_rules() -> None:
    names = [mark.args[1] for mark in check(acme()).pytestmark]  # type: ignore[attr-defined]
    assert {param.id for param in names[0]} == set(RULES)


# --- each rule catches what it is for ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "changes", "words"),
    [
        ("shape", {"title": None}, "`title`"),
        ("shape", {"title": "a\nb"}, "`title`"),
        ("shape", {"aka": "gsuite"}, "`aka`"),
        ("shape", {"hosts": ["a.example"]}, "`hosts`"),
        ("shape", {"config": dict}, "`config`"),
        ("values", {"auth": ()}, "`auth`"),
        ("values", {"auth": "key"}, "`auth`"),
        ("values", {"auth": (ApiKey(header="A"), ApiKey(header="B"))}, "same `kind`"),
        ("values", {"verify": SIGNED}, "webhook"),
        ("values", {"receive": lambda delivery: Incoming({})}, "webhook"),
        ("names", {"id": "Acme"}, "`id`"),
        ("names", {"id": "ａcme"}, "`id`"),
        ("names", {"id": "acme\u0301"}, "`id`"),
        ("names", {"id": "аcme"}, "`id`"),
        ("names", {"id": ""}, "`id`"),
        ("names", {"id": "a" * 65}, "`id`"),
        ("names", {"id": "a.b"}, "`id`"),
        ("names", {"id": "../x"}, "`id`"),
        ("names", {"id": "powerstrip"}, "must not begin"),
        ("names", {"id": "powerstrip_slack"}, "must not begin"),
        ("names", {"id": "mobius-x"}, "must not begin"),
        ("names", {"title": "  "}, "`title`"),
        ("names", {"category": "Stuff"}, "`category`"),
        ("names", {"docs_url": "javascript:alert(1)"}, "`docs_url`"),
        ("names", {"icon": "<svg>"}, "`icon`"),
        ("address", {"base_url": ""}, "`base_url`"),
        ("address", {"base_url": "http://api.acme.example"}, "`base_url`"),
        ("address", {"base_url": "api.acme.example"}, "`base_url`"),
        ("address", {"base_url": "https://"}, "`base_url`"),
        ("address", {"base_url": "https://localhost"}, "`base_url`"),
        ("address", {"base_url": "https://user@api.acme.example"}, "`base_url`"),
        ("address", {"base_url": "https://api.acme.example:0x50"}, "`base_url`"),
        ("address", {"base_url": "https://api.acme.example:99999"}, "`base_url`"),
        ("address", {"base_url": "https://api.acme.example/?x=1"}, "`base_url`"),
        ("address", {"base_url": "https://api.acme.example/#x"}, "`base_url`"),
        ("address", {"base_url": "https://api.acme.example\\@evil.example"}, "`base_url`"),
        ("address", {"base_url": "https://аpi.example"}, "`base_url`"),
        ("address", {"base_url": "https://[::1]/"}, "`base_url`"),
        ("address", {"base_url": "file:///etc/passwd"}, "`base_url`"),
        ("address", {"base_url": "https://{region}.acme.example"}, "braces"),
        ("address", {"base_url": "https://{region.acme.example"}, "braces"),
        ("address", {"base_url": "https://{0.__class__}.example"}, "braces"),
        ("address", {"base_url_field": "endpoint"}, "`base_url_field`"),
        ("address", {"hosts": ("https://a.example",)}, "host"),
        ("address", {"hosts": ("*",)}, "host"),
        ("address", {"hosts": ("*.com",)}, "host"),
        ("address", {"hosts": ("a.*.example",)}, "host"),
        ("everything_is_documented", {"description": " "}, "`description`"),
    ],
)
def test_a_fact_out_of_order_is_named(rule: str, changes: dict[str, Any], words: str) -> None:
    [sentence, *_] = broken(acme(**changes), rule)
    assert words in sentence


class Region(Model):
    region: str
    endpoint: str = ""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"id": "my-app_2"},
        {"base_url": "https://s3.{region}.acme.example", "config": Region},
        {"base_url": "https://{region}/v1", "config": Region},
        {"base_url": "", "base_url_field": "endpoint", "config": Region},
        {"base_url": "https://api.acme.example:8443/a/b"},
        {"hosts": ("files.acme.example", "*.cdn.acme.example", "{region}.acme.example"), "config": Region},
        {"base_url": "", "built_in": True},
    ],
)
def test_a_fact_in_order_breaks_no_rule(changes: dict[str, Any]) -> None:
    assert [broken(acme(**changes), rule) for rule in ("shape", "values", "names", "address")] == [[], [], [], []]


def with_action(input: type[Model], output: type[Model] = Note, run: Any = None, id: str = "note.write", **facts: Any) -> Adapter:
    adapter = acme(**facts)

    async def act(http: Http, given: Model) -> Model:
        """Do it."""
        return await http.post("/notes", json=given, returns=output)

    function = run or act
    function.__annotations__ = {"http": Http, "given": input, "return": output}
    adapter.action(id)(function)
    return adapter


@pytest.mark.parametrize("id", ["Note.write", "note write", "note..write", ".note", "note/../write", "nöte", "note.write\n", ""])
def test_an_action_id_out_of_order_is_named(id: str) -> None:
    assert "action id" in broken(with_action(Write, id=id), "names")[0]


def test_aliases_are_words_and_taken_once() -> None:
    adapter = acme()
    for id, aliases in (("a", ("b", "acme.c")), ("b", ()), ("d", ("c", "No Good"))):
        adapter.action(id, aliases=aliases)(_refuses)
    said = broken(adapter, "names")
    assert ["'b' is taken" in said[0], "'c' is taken" in said[1], "'No Good'" in said[2]] == [True, True, True]


class Hidden(Model):
    token: Secret


class Nested(Model):
    inner: list[Hidden]


class Named(Model):
    api_key: str


@pytest.mark.parametrize(
    ("adapter", "words"),
    [
        (with_action(Hidden), "token is a Secret"),
        (with_action(Nested), "inner"),
        (with_action(Write, Hidden), "token is a Secret"),
        (acme(config=Hidden), "token is a Secret"),
        (with_action(Named), "api_key is named like a credential"),
        (acme(config=Named), "api_key is named like a credential"),
    ],
)
def test_a_secret_in_the_wrong_place_is_named(adapter: Adapter, words: str) -> None:
    assert any(words in sentence for sentence in broken(adapter, "secrets_stay_out")) or words == "inner"
    assert broken(adapter, "secrets_stay_out")


def test_a_credential_that_is_not_declared_secret_is_named() -> None:
    class Careless(ApiKey):
        def form(self) -> type[Model]:
            return Named

    assert "give it the type Secret" in broken(acme(auth=Careless(header="X")), "secrets_stay_out")[0]


class Outward(Model):
    text: Annotated[str, Field(json_schema_extra={"$ref": "https://schemas.example/x.json"})]


class BadPattern(Model):
    text: Annotated[str, Field(json_schema_extra={"pattern": "(("})]


class BadType(Model):
    text: Annotated[str, Field(json_schema_extra={"type": "strin"})]


@pytest.mark.parametrize("model", [Outward, BadPattern, BadType])
def test_a_schema_that_cannot_be_used_is_named(model: type[Model]) -> None:
    [sentence, *_] = broken(with_action(model), "schemas_compile")
    assert "action note.write, input: the schema cannot be used" in sentence


class Coded(Model):
    code: str = Field(pattern="^[A-Z]{3}$")


class CodedWell(Model):
    code: str = Field(pattern="^[A-Z]{3}$", examples=["ABC"])


def test_an_answer_that_cannot_be_made_up_is_named() -> None:
    assert "code" in broken(with_action(Write, Coded), "answers_can_be_made_up")[0]
    assert broken(with_action(Write, CodedWell), "answers_can_be_made_up") == []


class WrongExample(Model):
    count: int = Field(examples=["many"])


def test_an_example_that_does_not_validate_is_named() -> None:
    assert "an example of count" in broken(with_action(WrongExample), "examples_validate")[0]
    assert "no sample" in broken(with_action(Coded), "examples_validate")[0]
    assert broken(with_action(CodedWell), "examples_validate") == []


class Anything(Model):
    x: Any
    to: str


def test_an_unclear_field_is_named() -> None:
    said = broken(with_action(Anything), "fields_are_clear")
    assert ["x takes anything" in said[0], "x is short" in said[1], len(said)] == [True, True, 2]


class Shouted(Model):
    text: str

    @field_validator("text")
    @classmethod
    def _loud(cls, text: str) -> str:
        return text + "!"


def test_a_value_that_changes_on_its_way_is_named() -> None:
    assert "not read back" in broken(with_action(Shouted), "mocks_round_trip")[0]


class Cell(Model):
    tab: Annotated[str, Pick("tab")]


class CellOfSheet(Cell):
    sheet: str


@pytest.mark.parametrize(("model", "sentences"), [(Cell, 1), (CellOfSheet, 0)])
def test_a_picker_that_depends_on_no_field_is_named(model: type[Model], sentences: int) -> None:
    adapter = with_action(model)

    @adapter.picker("tab", depends=("sheet",))
    async def tabs(http: Http, query: Query) -> Page:
        """Tabs."""
        return Page([Choice(query.values["sheet"], "one")])

    assert len(broken(adapter, "dependent_pickers_read_real_fields")) == sentences
    assert broken(adapter, "pickers_and_account_run") == []


def test_events_that_look_alike_are_named() -> None:
    adapter = acme()

    @adapter.event("first")
    class First(Model):
        """One."""

        id: str

    @adapter.event("second", entity="note", key="nothing")
    class Second(Model):
        """Two."""

        id: str
        type: Literal["second"]

    said = broken(adapter, "events_are_told_apart")
    assert ["named first" in said[0], "no field" in said[1]] == [True, True]


@pytest.mark.parametrize(
    ("receive", "words"),
    [
        (lambda delivery: Incoming(delivery.json()["event"]), "TypeError"),
        (lambda delivery: Incoming(json.loads(delivery.body)), "JSONDecodeError"),
        (lambda delivery: delivery.body, "gives bytes"),
        (lambda delivery: Incoming(delivery.body, key=7), "`key` and `account`"),
        (lambda delivery: [Incoming({}), None], "gives NoneType"),
    ],
)
def test_a_webhook_that_fails_on_bad_deliveries_is_named(receive: Any, words: str) -> None:
    [sentence] = broken(acme(receive=receive, verify=SIGNED), "bad_deliveries_are_rejected")
    assert words in sentence


@pytest.mark.parametrize(
    "receive",
    [lambda delivery: Reply("ok"), lambda delivery: Incoming(delivery.json()), lambda delivery: Incoming(delivery.form())],
)
def test_a_webhook_that_takes_or_rejects_is_fine(receive: Callable[[Delivery], Any]) -> None:
    assert broken(acme(receive=receive, verify=SIGNED), "bad_deliveries_are_rejected") == []


async def _crashes(http: Http, given: Write) -> Note:
    """Fails."""
    return Note(id={}["id"])


async def _refuses(http: Http, given: Write) -> Note:
    """Refuses."""
    raise Rejected("give more")


async def _lies(http: Http, given: Write) -> Note:
    """Lies."""
    return Account("1", "x")  # type: ignore[return-value]


async def _endless(http: Http, given: Write) -> Note:
    """Asks on."""
    while True:
        await http.get("/page", returns=Note)


async def _poses(http: Http, given: Write) -> Note:
    """Sets what the hub sets."""
    return await http.post("/notes", json=given, headers={"Authorization": "Bearer x"}, returns=Note)


async def _wanders(http: Http, given: Write) -> Note:
    """Sends elsewhere."""
    await http.send_to("PUT", "https://elsewhere.example/x", content=b"x")
    return Note(id="1")


async def _climbs(http: Http, given: Write) -> Note:
    """Makes its own request."""
    await http.sender(Request("GET", "/../admin"))
    return Note(id="1")


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (_crashes, "KeyError"),
        (_refuses, "refuses the sample input"),
        (_lies, "gives Account"),
        (_endless, "more than 20 requests"),
        (_poses, "header Authorization"),
        (_wanders, "elsewhere.example"),
        (_climbs, "leaves the base URL"),
    ],
)
def test_an_action_that_does_what_it_must_not_is_named(run: Any, words: str) -> None:
    assert words in broken(with_action(Write, run=run), "actions_send_what_may_be_sent")[0]


def test_an_account_that_tells_of_a_strange_action_is_named() -> None:
    adapter = with_action(Write)
    [known] = adapter.actions

    @adapter.account
    async def whoami(http: Http) -> Account:
        return Account("1", "Ada", unsupported={known: "It only reads", "note.sing": "No voice"})

    [sentence] = broken(adapter, "pickers_and_account_run")
    assert "`unsupported` names what is no action: note.sing" in sentence


def test_a_declared_host_may_be_sent_to() -> None:
    adapter = with_action(Write, run=_wanders, hosts=("*.example",))
    assert broken(adapter, "actions_send_what_may_be_sent") == []


async def _joined(http: Http, given: Write) -> Note:
    """Joins a path by hand."""
    await http.sender(Request("GET", f"/notes/{given.text}"))
    return Note(id="1")


async def _segmented(http: Http, given: Write) -> Note:
    """Joins a path by segment."""
    await http.send("GET", f"/notes/{segment(given.text)}")
    return Note(id="1")


def test_hostile_input_is_tried() -> None:
    assert "`segment`" in broken(with_action(Write, run=_joined), "hostile_input_stays_below_the_base")[0]
    assert broken(with_action(Write, run=_segmented), "hostile_input_stays_below_the_base") == []


def test_an_adapter_without_a_module_of_its_own_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = with_action(Write)
    monkeypatch.setattr(adapter.actions["note.write"].run, "__module__", "nowhere.at.all")
    assert "cannot be imported by its name" in next(iter(importing_opens_nothing(adapter)))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import socket; socket.socket()", "socket"),
        ("open('{0}/mark', 'w')", "for writing"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import aiohttp", "aiohttp"),
        ("import sqlite3", "sqlite3"),
        ("import powerstrip.vault", "powerstrip.vault"),
        ("raise RuntimeError('no luck')", "no luck"),
        ("open('/dev/null').close()", ""),
    ],
)
def test_an_import_that_does_more_than_register_is_named(
    line: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loud_adapter.py").write_text(line.replace("{0}", str(tmp_path)))
    monkeypatch.syspath_prepend(tmp_path)
    adapter = with_action(Write)
    monkeypatch.setattr(adapter.actions["note.write"].run, "__module__", "loud_adapter")
    said = list(importing_opens_nothing(adapter))
    assert any(words in sentence for sentence in said) if words else said == []
