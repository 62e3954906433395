"""What becomes of a consent when its integration is deleted, copied, rolled back or written over."""

from typing import Any

import pytest
from werkzeug import Response

from powerstrip.store import AccessToken, Audit, Integration

from .conftest import KEY, REFRESH, SECRET, TOKEN, House, asked_of, no_leaks

SAID = {"access_token": TOKEN, "token_type": "Bearer", "refresh_token": REFRESH, "scope": "read write"}


async def settled(house: House) -> None:
    """Wait until the provider has been told what it is told."""
    await house.hub.leaving.close()


async def consent_rows(house: House, id: str) -> list[Any]:
    rows = [row for row in await house.rows(Audit) if row.resource_id == id and row.resource_type == "integration"]
    return [row.changes["consent"] for row in rows if "consent" in row.changes]


async def test_deleting_ends_the_consent_at_the_provider(house: House, capfd) -> None:
    id = (await house.connect())["integration_id"]
    plan = await house.ok("DELETE", f"integrations/{id}?plan=true")
    assert {"field": "consent", "before": "given", "after": "revoked at Acme, where that answers"} in plan["changes"]
    assert house.provider.questions("/revoke") == []
    assert (await house.ask("DELETE", f"integrations/{id}")).status_code == 204
    await settled(house)
    (told,) = house.provider.questions("/revoke")
    assert (told["token"], told["client_id"], told["client_secret"]) == (REFRESH, "acme-client", SECRET)
    assert await house.rows(AccessToken) == []
    assert await consent_rows(house, id) == ["revoked at Acme, where that answers", "revoked"]
    no_leaks(house, *capfd.readouterr())


@pytest.mark.parametrize("answer", [Response("no", 500), Response("", 400)], ids=["down", "refused"])
async def test_an_integration_goes_also_where_the_provider_does_not_answer(house: House, answer: Response) -> None:
    id = (await house.connect())["integration_id"]
    house.provider.device = answer
    assert (await house.ask("DELETE", f"integrations/{id}")).status_code == 204
    await settled(house)
    assert (await house.ask("GET", f"integrations/{id}")).status_code == 404
    assert await consent_rows(house, id) == ["revoked at Acme, where that answers", "not revoked"]
    no_leaks(house)


async def test_where_the_provider_cannot_be_told_the_plan_says_so(house: House) -> None:
    begun = await house.begin("strict")
    assert (await house.callback(begun, "strict", iss="https://api.acme.example")).status_code == 200
    id = (await house.ok("GET", f"integrations/connect/{begun['id']}"))["integration_id"]
    plan = await house.ok("DELETE", f"integrations/{id}?plan=true")
    fate = next(each["after"] for each in plan["changes"] if each["field"] == "consent")
    assert fate == "stays at Strict: end it there, in the account's settings"
    await house.ok("DELETE", f"integrations/{id}")
    await settled(house)
    assert house.provider.questions("/revoke") == []
    assert await consent_rows(house, id) == [fate]


async def test_the_same_account_connected_twice_is_not_cut_off(house: House) -> None:
    first, second = [(await house.connect(name))["integration_id"] for name in ("one", "two")]
    await house.ok("DELETE", f"integrations/{first}")
    await settled(house)
    assert house.provider.questions("/revoke") == []
    assert (await consent_rows(house, first))[0].startswith("stays: another integration")
    await house.ok("DELETE", f"integrations/{second}")
    await settled(house)
    assert len(house.provider.questions("/revoke")) == 1


async def test_what_was_filled_in_by_hand_has_no_consent_to_end(house: House) -> None:
    made = await house.ok("POST", "integrations", {"provider": "acme", "name": "k", "credentials": {"api_key": KEY}})
    plan = await house.ok("DELETE", f"integrations/{made['id']}?plan=true")
    assert "consent" not in [each["field"] for each in plan["changes"]]
    await house.ok("DELETE", f"integrations/{made['id']}")
    await settled(house)
    assert house.provider.questions("/revoke") == []


async def copied(house: House, id: str, to: str = "other", **more: Any) -> Any:
    """The answer to a copy into another project."""
    main = house.first.project.id
    body = {"source_project_id": main, "source_integration_id": id} | more
    return await house.ask("POST", f"/v1/projects/{to}/integrations/copy", body)


async def test_a_copy_has_to_be_connected_for_itself(house: House) -> None:
    id = (await house.connect())["integration_id"]
    await house.ok("POST", "/v1/projects", {"name": "Other", "handle": "other"})
    made = (await copied(house, id)).json()
    assert (made["status"], made["has_credentials"]) == ("expired", False)
    assert "is not copied" in made["status_reason"]
    called = await house.ask("POST", "/v1/projects/other/actions/acme.note.get/invocations", {"input": {}})
    assert called.status_code == 409
    rows = await house.rows(AccessToken)
    assert [row.integration_id for row in rows] == [id]
    begun = await house.ok("POST", "/v1/projects/other/integrations/connect", {"integration_id": made["id"]})
    assert (await house.callback(begun)).status_code == 200
    called = await house.ok("POST", "/v1/projects/other/actions/acme.note.get/invocations", {"input": {}})
    assert called["status"] == "completed"


async def test_a_copy_in_a_sandbox_needs_no_consent(house: House) -> None:
    id = (await house.connect())["integration_id"]
    await house.ok("POST", "/v1/projects", {"name": "Box", "handle": "box", "mode": "sandbox"})
    made = (await copied(house, id, "box")).json()
    assert (made["status"], made["mode"], made["has_credentials"]) == ("active", "sandbox", False)


async def test_a_consent_is_not_copied_over_what_works(house: House) -> None:
    id = (await house.connect())["integration_id"]
    await house.ok("POST", "/v1/projects", {"name": "Other", "handle": "other"})
    body = {"provider": "acme", "name": "main", "credentials": {"api_key": KEY}}
    theirs = await house.ok("POST", "/v1/projects/other/integrations", body)
    refused = await copied(house, id, replace=True, accept_impact=True)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "consent_not_copied")
    after = await house.ok("GET", f"/v1/projects/other/integrations/{theirs['id']}")
    assert (after["status"], after["auth_kind"]) == ("active", "api_key")


async def last_token(house: House) -> str:
    """What the next call signs in with."""
    called = await house.ok("POST", "actions/acme.note.get/invocations", {"input": {}})
    assert called["status"] == "completed", called
    return house.provider.asked[-1][2]


async def test_rolling_back_brings_back_the_token_before(house: House) -> None:
    id = (await house.connect())["integration_id"]
    assert await last_token(house) == f"Bearer {TOKEN}"
    house.provider.token = SAID | {"access_token": TOKEN + "-2", "refresh_token": REFRESH + "-2"}
    begun = await house.ok("POST", "integrations/connect", {"integration_id": id})
    assert asked_of(begun)["client_id"] == "acme-client"
    assert (await house.callback(begun)).status_code == 200
    assert await last_token(house) == f"Bearer {TOKEN}-2"
    await house.ok("POST", f"integrations/{id}/rotation/rollback")
    assert await last_token(house) == f"Bearer {TOKEN}"
    assert len(await house.rows(AccessToken)) == 1


async def test_confirming_destroys_the_token_before(house: House) -> None:
    id = (await house.connect())["integration_id"]
    house.provider.token = SAID | {"access_token": TOKEN + "-2"}
    begun = await house.ok("POST", "integrations/connect", {"integration_id": id})
    assert (await house.callback(begun)).status_code == 200
    assert len(await house.rows(AccessToken)) == 2
    await house.ok("POST", f"integrations/{id}/rotation/confirm")
    assert len(await house.rows(AccessToken)) == 1
    assert await last_token(house) == f"Bearer {TOKEN}-2"


async def test_from_a_consent_to_a_key_and_back(house: House) -> None:
    id = (await house.connect())["integration_id"]
    turned = await house.ok("POST", f"integrations/{id}/rotate", {"credentials": {"api_key": KEY}})
    assert turned["auth_kind"] == "api_key"
    back = await house.ok("POST", f"integrations/{id}/rotation/rollback")
    assert back["auth_kind"] == "oauth2"
    assert await last_token(house) == f"Bearer {TOKEN}"
    assert (await house.rows(Integration))[0].credential_fields == ["consent"]
