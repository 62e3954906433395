"""A project's integrations go to another hub: what is in the bundle, what is not, and what is refused of it."""

import copy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import CANARY, House, opened, problem

S3 = {
    "name": "store", "provider": "s3", "config": {"bucket": "media", "region": "eu-west-1"},
    "credentials": {"access_key_id": "AKIAINVENTED000", "secret_access_key": "invented-secret-" + CANARY},
}  # fmt: skip
MAIL = {"name": "mail", "provider": "postmark", "credentials": {"server_token": CANARY}}


@pytest.fixture
async def hubs(tmp_path: Path, catalog_folder: Path) -> AsyncIterator[tuple[House, House]]:
    """Two live hubs with master keys of their own; the first has two integrations."""
    async with (
        opened(tmp_path / "one", catalog_folder, "live") as one,
        opened(tmp_path / "two", catalog_folder, "live") as two,
    ):
        await one.ok("POST", "integrations", MAIL)
        await one.ok("POST", "integrations", S3)
        yield one, two


async def sealed(one: House, two: House) -> dict[str, Any]:
    key = (await two.ok("GET", "integrations/bundle-key"))["public_key"]
    return await one.ok("POST", "integrations/export", {"seal_to": key})


def states(answer: Any) -> dict[str, str]:
    return {entry["name"]: entry["state"] for entry in answer["entries"]}


async def test_without_a_key_no_secret_is_in_it(hubs: tuple[House, House]) -> None:
    one, two = hubs
    answer = await one.ask("POST", "integrations/export", {})
    bundle = answer.json()
    assert (bundle["format"], bundle["version"], "sealed" in bundle) == ("powerstrip-integrations", 1, False)
    assert CANARY not in answer.text
    assert "AKIA" not in answer.text
    done = await two.ok("POST", "integrations/import", {"bundle": bundle})
    assert states(done) == {"mail": "new", "store": "new"}
    listed = {row["name"]: row for row in (await two.ok("GET", "integrations"))["items"]}
    assert {name: (row["status"], row["has_credentials"]) for name, row in listed.items()} == {
        "mail": ("expired", False),
        "store": ("expired", False),
    }
    assert "without its credential" in listed["mail"]["status_reason"]
    again = await two.ok("POST", "integrations/import", {"bundle": bundle})
    assert states(again) == {"mail": "same", "store": "same"}


async def test_sealed_credentials_open_at_the_target_alone(hubs: tuple[House, House], tmp_path: Path) -> None:
    one, two = hubs
    bundle = await sealed(one, two)
    assert CANARY not in str(bundle)
    assert problem(await one.ask("POST", "integrations/import", {"bundle": bundle}), 422)["code"] == "bundle_for_another"

    plan = await two.ok("POST", "integrations/import?plan=true", {"bundle": bundle})
    assert (plan["applied"], states(plan)) == (False, {"mail": "new", "store": "new"})
    assert (await two.ok("GET", "integrations"))["items"] == []
    done = await two.ok("POST", "integrations/import", {"bundle": bundle})

    assert done["applied"] is True
    ids = {entry["name"]: entry["integration_id"] for entry in done["entries"]}
    made = await two.ok("GET", f"integrations/{ids['mail']}")
    assert (made["status"], made["has_credentials"], made["name"]) == ("active", True, "mail")
    assert states(await two.ok("POST", "integrations/import", {"bundle": bundle})) == {"mail": "same", "store": "same"}
    audit = await one.ok("GET", "audit-logs?action=use")
    assert [row["changes"]["action"] for row in audit["items"]] == ["export", "export"]
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert CANARY.encode() not in on_disk
    assert (await two.ok("GET", "audit-logs/verify"))["intact"] is True


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("config", {"bucket": "media", "region": "eu-west-1", "endpoint": "https://evil.example.com"}),
        ("origin", "https://evil.example.com"),
        ("name", "other"),
    ],
)
async def test_a_changed_bundle_does_not_open(hubs: tuple[House, House], where: str, value: Any) -> None:
    one, two = hubs
    bundle = await sealed(one, two)
    bundle["integrations"][1][where] = value
    told = problem(await two.ask("POST", "integrations/import", {"bundle": bundle}), 422)
    assert told["code"] == "bundle_broken"
    assert (await two.ok("GET", "integrations"))["items"] == []


async def test_secrets_of_one_integration_do_not_go_to_another(hubs: tuple[House, House]) -> None:
    one, two = hubs
    bundle = await sealed(one, two)
    swapped = copy.deepcopy(bundle)
    swapped["integrations"].reverse()
    assert problem(await two.ask("POST", "integrations/import", {"bundle": swapped}), 422)["code"] == "bundle_broken"
    swapped["sealed"]["ciphertext"] = bundle["sealed"]["ciphertext"][:-4] + "AAAA"
    assert problem(await two.ask("POST", "integrations/import", {"bundle": swapped}), 422)["code"] == "bundle_broken"


async def test_what_cannot_be_imported_stops_all_of_it(hubs: tuple[House, House]) -> None:
    one, two = hubs
    await one.ok("POST", "integrations", {"name": "own", "provider": "unheard-of", "credentials": {"token": CANARY}})
    await two.ok("POST", "integrations", MAIL | {"mode": "sandbox"})
    bundle = await one.ok("POST", "integrations/export", {})

    told = problem(await two.ask("POST", "integrations/import", {"bundle": bundle}), 409)
    assert told["code"] == "bundle_conflicts"
    assert len((await two.ok("GET", "integrations"))["items"]) == 1
    done = await two.ok("POST", "integrations/import", {"bundle": bundle, "skip_conflicts": True})
    assert states(done) == {"mail": "conflict", "store": "new", "own": "missing_provider"}
    assert len((await two.ok("GET", "integrations"))["items"]) == 2


async def test_a_credential_that_is_there_is_kept(hubs: tuple[House, House]) -> None:
    one, two = hubs
    mine = await two.ok("POST", "integrations", MAIL | {"credentials": {"server_token": "pm-invented-own-token"}})
    bundle = await sealed(one, two)
    done = await two.ok("POST", "integrations/import", {"bundle": bundle})
    assert states(done) == {"mail": "same", "store": "new"}
    assert (await two.ok("GET", f"integrations/{mine['id']}"))["updated_at"] == mine["updated_at"]


async def test_a_sealed_export_needs_more_than_integrations(hubs: tuple[House, House]) -> None:
    one, two = hubs
    key = (await two.ok("GET", "integrations/bundle-key"))["public_key"]
    builder = await one.member("builder")
    await one.ok("POST", "integrations/export", {}, key=builder)
    problem(await one.ask("POST", "integrations/export", {"seal_to": key}, key=builder), 403)
    for bad in ("", "psbk_x", key[:-1] + ("A" if key[-1] != "A" else "B"), "psbk_" + "A" * 48, "psbk_é"):
        assert problem(await one.ask("POST", "integrations/export", {"seal_to": bad}), 422)["code"] == "no_bundle_key"


async def test_bad_documents(hubs: tuple[House, House]) -> None:
    one, two = hubs
    good = await one.ok("POST", "integrations/export", {})
    item = good["integrations"][0]
    bad: list[Any] = [
        {},
        good | {"format": "other"},
        good | {"version": 0},
        good | {"version": "1"},
        good | {"extra": 1},
        good | {"integrations": [item | {"credentials": {"server_token": CANARY}}]},
        good | {"integrations": [item, item | {"name": "MAIL"}]},
        good | {"integrations": [item] * 501},
        good | {"sealed": {"algorithm": "none"}},
    ]
    for bundle in bad:
        answer = await two.ask("POST", "integrations/import", {"bundle": bundle})
        problem(answer, 400)
        assert CANARY not in answer.text
    newer = good | {"version": 2, "more": True}
    assert problem(await two.ask("POST", "integrations/import", {"bundle": newer}), 422)["code"] == "bundle_too_new"
    secret = good | {"integrations": [item | {"config": {"server_token": CANARY}}]}
    told = await two.ask("POST", "integrations/import?plan=true", {"bundle": secret})
    assert states(told.json()) == {"mail": "conflict"}
    assert CANARY not in told.text
    assert (await two.ok("GET", "integrations"))["items"] == []
