"""What may become an integration, and what is said to what may not."""

import binascii
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from callhouse import CANARY, House, leaks
from pydantic import field_validator

from powerstrip.adapter import Adapter, ApiKey, HmacSigned, Model, Request, SigV4
from powerstrip.connect import NewIntegration
from powerstrip.connect.forms import auth_of, read_config, read_credentials
from powerstrip.problems import BadInput, Conflict, NotFound, Problem, Unprocessable
from powerstrip.store import Audit, Credential, Integration


async def test_an_integration_is_kept_without_its_credential_in_sight(house: House, database_url: str) -> None:
    row = await house.connect("Primary", config={"base_url": house.peer.url, "default_room": "den"})

    found = await house.integrations.get(house.project.id, row.id)
    assert (found.provider, found.name, found.status, found.mode) == ("acme", "Primary", "active", "live")
    assert (found.auth_kind, found.origin, found.credential_fields) == ("api_key", house.peer.url, ["api_key"])
    assert found.config == {"base_url": house.peer.url, "default_room": "den"}
    (told,) = await house.audited("create", row.id)
    assert told.changes == {"fields": ["name", "config", "credentials"], "provider": "acme", "mode": "live"}
    rows = [each.model_dump() for table in (Integration, Audit, Credential) for each in await house.all(table)]
    assert leaks(repr(rows)) == []
    assert leaks(house.bytes_on_disk()) == []
    assert house.peer.requests == []


@pytest.mark.parametrize(
    "twin",
    [
        "main",
        "Main",
        " main ",
        "ｍａｉｎ",
        "mаin",
        "ma\ufe0fin",
    ],  # cased, padded, full-width, with a Cyrillic letter, with a selector
)
async def test_a_name_that_looks_the_same_is_taken(house: House, twin: str) -> None:
    await house.connect("main")

    with pytest.raises(Problem) as caught:
        await house.connect(twin)

    assert caught.value.code in ("name_taken", "invalid_request")
    assert len(await house.all(Integration)) == 1


async def test_composed_and_decomposed_names_are_one(house: House) -> None:
    await house.connect(unicodedata.normalize("NFD", "Café"))

    with pytest.raises(Conflict) as caught:
        await house.connect("Café")

    assert caught.value.code == "name_taken"
    await house.connect("Café", "other")
    await house.connect("Café", project=await house.make_project("elsewhere"))


@pytest.mark.parametrize("name", ["", "  ", "a\u202eb", "a\nb", "a\0b", "x" * 201, "\u200b"])
async def test_a_name_that_tricks_the_eye_is_refused(house: House, name: str) -> None:
    with pytest.raises(BadInput):
        await house.connect(name)


@pytest.mark.parametrize(
    ("credentials", "path", "words"),
    [
        ({}, "credentials.api_key", "required. Acme → Settings → Keys."),
        (None, "credentials.api_key", "required"),
        ({"api_key": 7}, "credentials.api_key", "a string"),
        ({"api_key": ""}, "credentials.api_key", "1 to 65536"),
        ({"api_key": "x" * 70_000}, "credentials.api_key", "1 to 65536"),
        ({"api_key": CANARY, "colour": "red"}, "credentials.colour", "there are: api_key"),
        ({"api_key": {"nested": CANARY}}, "credentials.api_key", "a string"),
    ],
)
async def test_credentials_are_judged_by_the_form(house: House, credentials: Any, path: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        await house.connect(credentials=credentials)

    errors = {error["path"]: error["message"] for error in caught.value.details["errors"]}
    assert words in errors[path]
    assert leaks(f"{caught.value} {caught.value.details}") == []


@pytest.mark.parametrize(
    "value",
    ["********", "••••••", "[secret]", "<api_key>", "${ACME_KEY}", "{{ .secrets.key }}", "xoxb-...", "Secret()", "XXXXXXXX", "…"],
)
async def test_a_mask_or_placeholder_sent_back_is_refused_and_not_stored(house: House, value: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        await house.connect(credentials={"api_key": value})

    assert caught.value.code == "placeholder_credential"
    assert await house.all(Credential) == []


@pytest.mark.parametrize("value", ["key\r\nX-Evil: 1", "key\n", "k\0ey", "schlüssel", "key\u2028", " key", "key "])
async def test_what_a_header_cannot_carry_is_refused_when_it_is_saved(house: House, value: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        await house.connect(credentials={"api_key": value})

    assert caught.value.code == "unsendable_credential"
    assert caught.value.details["errors"][0]["path"] == "credentials.api_key"
    assert "paste it again" in caught.value.message


async def test_a_secret_too_short_to_be_kept_out_of_answers_is_refused(house: House) -> None:
    for provider, credentials in (("acme", {"api_key": "sh0rt42"}), ("unheard_of", {"apiKey": "sh0rt42", "user": "me"})):
        with pytest.raises(Unprocessable) as caught:
            await house.connect(provider=provider, credentials=credentials, config={})
        assert caught.value.code == "short_credential"
        assert "8 characters" in caught.value.message
        assert "sh0rt42" not in f"{caught.value} {caught.value.details}"
    assert (await house.connect(credentials={"username": "me", "password": "just-long"})).auth_kind == "login"
    assert len(await house.all(Integration)) == 1


class Hasty(Model):
    """Settings of a plugin whose author forgot a case."""

    region: str = ""

    @field_validator("region")
    @classmethod
    def known(cls, value: str) -> str:
        return {"north": "n"}[value]


@dataclass(frozen=True, kw_only=True)
class Careless(ApiKey):
    """A way to sign in that expects base64."""

    header: str = "X-Key"

    def sign(self, request: Request, credentials: Any, settings: Any, now: Any) -> Request:
        return request.with_header_pairs((self.header, str(binascii.a2b_base64(credentials["api_key"], strict_mode=True))))


class Formless(ApiKey):
    """A way to sign in without a form."""

    def form(self) -> type[Model]:
        raise SystemExit(CANARY)


def test_a_plugin_s_slip_is_told_as_the_plugin_s() -> None:
    hasty = Adapter(id="hasty", title="Hasty", base_url="https://api.hasty.example", auth=Careless(), config=Hasty)
    slips: list[Callable[[], object]] = [
        lambda: read_config(hasty, {"region": CANARY}),
        lambda: read_credentials(Careless(), {"api_key": "pasted-badly-x"}, {}),
        lambda: read_credentials(Formless(header="X-Key"), {"api_key": CANARY}, {}),
        lambda: auth_of(replace_auth(hasty, Formless(header="X-Key")), "", ("api_key",)),
    ]

    for slip in slips:
        with pytest.raises(Unprocessable) as caught:
            slip()
        assert caught.value.code == "adapter_broken"
        assert leaks(f"{caught.value} {caught.value.details}") == []


def replace_auth(adapter: Adapter, auth: ApiKey) -> Adapter:
    return Adapter(id=adapter.id, title=adapter.title, base_url=adapter.base_url, auth=auth)


def test_only_what_goes_into_a_header_is_held_to_its_rules() -> None:
    """A password in base64, a signing key and a key in the query may be anything."""
    config: dict[str, Any] = {}
    assert read_credentials(HmacSigned(), {"signing_key": "schlüssel\nzwei"}, config)
    assert read_credentials(ApiKey(query="key"), {"api_key": "schlüssel"}, config)
    with pytest.raises(Unprocessable):
        read_credentials(
            SigV4(service="s3"),
            {"access_key_id": "AKIAINVENTED", "secret_access_key": "invented", "session_token": "a\nb"},
            config,
        )


async def test_the_way_in_follows_from_the_credentials(house: House) -> None:
    login = await house.connect("login", credentials={"username": "ada", "password": CANARY})
    named = await house.connect("named", auth_kind="login", credentials={"username": "ada", "password": CANARY})

    assert (login.auth_kind, named.auth_kind) == ("login", "login")
    with pytest.raises(BadInput) as wrong:
        await house.connect("wrong", auth_kind="login")
    assert {error["path"] for error in wrong.value.details["errors"]} >= {"credentials.username", "credentials.password"}
    with pytest.raises(Unprocessable, match="api_key, login, oauth2"):
        await house.connect("none", auth_kind="carrier_pigeon")


async def test_a_way_in_that_needs_a_browser_is_told_to_come_later(house: House) -> None:
    with pytest.raises(Unprocessable) as caught:
        await house.connect(auth_kind="oauth2", credentials={})

    assert caught.value.code == "auth_kind_unavailable"


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"base_url": "http://10.0.0.1"}, "config.base_url"),
        ({"base_url": "https://169.254.169.254/latest"}, "config.base_url"),
        ({"base_url": "ftp://files.example"}, "config.base_url"),
        ({"base_url": "https://user:pw@api.example"}, None),
        ({"base_url": "not an address"}, "config.base_url"),
        ({"base_url": 7}, "config.base_url"),
        ({"colour": "red"}, "config.colour"),
        ({"project_id": "prj_other"}, "config.project_id"),
    ],
)
async def test_settings_are_closed_and_lead_somewhere_allowed(house: House, config: dict[str, Any], path: str | None) -> None:
    with pytest.raises(Problem) as caught:
        await house.connect(config=config)

    assert 400 <= caught.value.status < 500
    if path is not None:
        assert [error["path"] for error in caught.value.details["errors"]] == [path]


async def test_a_secret_among_the_settings_is_sent_to_the_credentials(house: House) -> None:
    token = "xoxb-invented-0000000000"
    for provider in ("acme", "unheard_of"):
        with pytest.raises(Unprocessable) as caught:
            await house.connect(provider=provider, config={"default_room": token})
        assert caught.value.code == "secret_in_config"
        assert caught.value.details["errors"][0]["path"] == "config.default_room"
        assert "credentials" in caught.value.message
        assert token not in f"{caught.value} {caught.value.details}"


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"password": "hunter2secret"}, "config.password"),
        ({"nested": [{"clientSecret": "invented"}]}, "config.nested[0].clientSecret"),
        ({"api-key": "invented"}, "config.api-key"),
        ({"token": "invented"}, "config.token"),
        ({"private_key": {"pem": "invented"}}, "config.private_key"),
    ],
)
async def test_a_free_form_setting_named_like_a_secret_is_refused(house: House, config: dict[str, Any], path: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        await house.connect(provider="unheard_of", config=config)

    assert caught.value.code == "secret_in_config"
    assert [error["path"] for error in caught.value.details["errors"]] == [path]
    assert await house.all(Integration) == []


async def test_a_free_form_setting_about_a_secret_is_none(house: House) -> None:
    config = {"password": None, "secret": False, "password_policy": "long", "page_token": "x", "secret_name": "main"}

    assert (await house.connect(provider="unheard_of", config=config)).config == config


@pytest.mark.parametrize("provider", ["", "Acme", "acme!", "-acme", "a" * 65, "акме", "acme\n", "../acme", "acme\0"])
async def test_a_provider_id_is_well_formed(house: House, provider: str) -> None:
    with pytest.raises(BadInput) as caught:
        await house.connect(provider=provider)

    assert caught.value.details["errors"][0]["path"] == "provider"


async def test_a_provider_without_an_adapter_is_kept_and_cannot_be_used(house: House) -> None:
    row = await house.connect(
        provider="unheard_of", credentials={"token": CANARY, "scopes": ["a", 1]}, config={"region": "north"}
    )

    assert (row.status, row.auth_kind, row.origin, row.config) == ("active", "", "", {"region": "north"})
    assert row.credential_fields == ["scopes", "token"]
    assert leaks(house.bytes_on_disk()) == []
    with pytest.raises(Unprocessable) as caught:
        await house.integrations.test(house.project, house.actor, row.id)
    assert caught.value.code == "no_adapter"
    with pytest.raises(Unprocessable):
        await house.connect("masked", provider="unheard_of", credentials={"token": "********"})


async def test_a_built_in_provider_needs_none(house: House) -> None:
    with pytest.raises(Unprocessable) as caught:
        await house.connect(provider="clock", credentials=None, config={})

    assert caught.value.code == "built_in"


async def test_a_sandbox_project_makes_sandboxes(house: House) -> None:
    project = await house.make_project("play", "sandbox")

    row = await house.connect(project=project)

    assert row.mode == "sandbox"
    assert (await house.connect("try", mode="sandbox")).mode == "sandbox"
    with pytest.raises(Unprocessable) as caught:
        await house.connect("real", project=project, mode="live")
    assert caught.value.code == "sandbox_project"


async def test_a_probe_before_keeping_refuses_a_wrong_key_and_then_takes_the_right_one(house: House) -> None:
    house.peer.say("GET /me", {"message": "Who are you?"}, status=401)
    new = NewIntegration("main", "acme", {"api_key": CANARY}, {"base_url": house.peer.url})

    with pytest.raises(Unprocessable) as caught:
        await house.integrations.create(house.project, house.actor, new, probe=True)

    assert caught.value.code == "probe_failed"
    assert "Who are you?" in caught.value.message
    assert await house.all(Integration) == []
    assert await house.all(Credential) == []
    assert len(await house.audited("use")) == 1
    house.peer.answers.clear()
    row = await house.integrations.create(house.project, house.actor, new, probe=True)
    assert (row.account_id, row.account_name) == ("account-1", "Acme of Ada")
    assert row.tested_at


async def test_a_probe_where_there_is_nobody_to_ask_is_refused_and_not_passed_over(house: House) -> None:
    for provider in ("other", "unheard_of"):
        new = NewIntegration("main", provider, {"api_key": CANARY})
        with pytest.raises(Unprocessable) as caught:
            await house.integrations.create(house.project, house.actor, new, probe=True)
        assert caught.value.code == "not_testable"
    assert await house.all(Integration) == []
    sandbox = NewIntegration("main", "other", {"api_key": CANARY}, mode="sandbox")
    assert (await house.integrations.create(house.project, house.actor, sandbox, probe=True)).mode == "sandbox"


async def test_a_probe_asks_nobody_when_the_name_is_taken(house: House) -> None:
    await house.connect()

    with pytest.raises(Conflict):
        await house.integrations.create(
            house.project,
            house.actor,
            NewIntegration("main", "acme", {"api_key": CANARY}, {"base_url": house.peer.url}),
            probe=True,
        )

    assert house.peer.requests == []


def test_what_goes_in_does_not_show_its_credentials() -> None:
    assert leaks(repr(NewIntegration("main", "acme", {"api_key": CANARY}))) == []


async def test_integrations_are_listed_found_and_kept_apart(house: House, database_url: str) -> None:
    elsewhere = await house.make_project("elsewhere")
    first, second = await house.connect("first"), await house.connect("second")
    other = await house.connect("first", "other")
    theirs = await house.connect("theirs", project=elsewhere)
    find, project = house.integrations, house.project.id

    assert [row.id for row in await find.list(project)] == [other.id, second.id, first.id]
    assert [row.id for row in await find.list(project, provider="acme")] == [second.id, first.id]
    assert [row.id for row in await find.list(project, status="inactive")] == []
    assert [row.id for row in await find.list(project, limit=1, after=(other.created_at, other.id))] == [second.id]
    assert (await find.resolve(project, "SECOND")).id == second.id
    assert (await find.resolve(project, "first", "other")).id == other.id
    assert (await find.resolve(project, first.id)).id == first.id
    with pytest.raises(Unprocessable) as caught:
        await find.resolve(project, "first")
    assert caught.value.code == "ambiguous_integration"
    for lookup in (find.get(project, theirs.id), find.resolve(project, theirs.id), find.resolve(project, "theirs")):
        with pytest.raises(NotFound):
            await lookup
    found = await find.connections(project)
    assert {name: len(each) for name, each in found.items()} == {"acme": 2, "other": 1}


class Region(Model):
    """A setting that is part of the address."""

    region: str = "north"


async def test_the_origin_follows_from_the_settings(house: House) -> None:
    from powerstrip.connect.binding import destination

    adapter = Adapter(id="regional", title="Regional", base_url="https://api.{region}.example.com/v1", config=Region)

    assert destination(adapter, {}, house.settings) == "https://api.north.example.com/v1"
    assert destination(adapter, {"region": "south"}, house.settings) == "https://api.south.example.com/v1"
    for region in ("", "a/b", "a@b", "a..b", "evil.example/#"):
        with pytest.raises(BadInput):
            destination(adapter, {"region": region}, house.settings)
