"""What uses an integration is known before it is changed, and nothing stops by surprise."""

from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from powerstrip.connect import Dependent
from powerstrip.store import Integration, Invocation

from .conftest import CANARY, EMAIL, SEND, House, problem

CREDENTIALS = {"server_token": CANARY}


async def connect(house: House, name: str = "mail", **more: Any) -> dict[str, Any]:
    body = {"name": name, "provider": "postmark", "credentials": CREDENTIALS} | more
    return await house.ok("POST", "integrations", body)


async def test_who_called_with_it_by_which_key_and_what(house: House) -> None:
    made = await connect(house)
    worker = await house.member("worker", name="mailer")
    for _ in range(3):
        await house.ok("POST", SEND, {"input": EMAIL}, key=worker)
    await house.ok("POST", SEND, {"input": EMAIL, "simulate": "rate_limited"}, key=worker, headers={"idempotency-key": "k"})

    found = await house.ok("GET", f"integrations/{made['id']}/impact")

    (principal,), (key,), (action,) = found["principals"], found["keys"], found["actions"]
    assert (principal["name"], principal["calls"], principal["failures"]) == ("mailer", 4, 1)
    assert (key["name"], key["uses"]) == ("mailer", 4)
    assert (action["name"], action["calls"], action["scopes"]) == ("postmark.email.send", 4, [])
    assert (found["kept_calls"], found["complete"], found["dependents"]) == (1, True, [])
    shown = await house.ok("GET", f"integrations/{made['id']}")
    assert shown["last_day"] == {"calls": 4, "failures": 1}
    assert shown["last_used_at"] == principal["last_used_at"]
    (listed,) = (await house.ok("GET", "integrations"))["items"]
    assert listed["last_used_at"] == principal["last_used_at"]


async def test_nothing_of_another_project_is_named(house: House) -> None:
    made = await connect(house)
    await house.another("Secret Merger", "sandbox")
    copying = {"source_project_id": house.project.id, "source_integration_id": made["id"]}
    copied = await house.ok("POST", "integrations/copy", copying | {"name": "hidden twin"}, project="secret-merger")
    await house.ok("POST", "integrations/copy", copying | {"name": "twin"})

    answer = await house.ask("GET", f"integrations/{made['id']}/impact")

    copies = answer.json()["copies"]
    assert ([each["name"] for each in copies["here"]], copies["elsewhere"]) == (["twin"], 1)
    for word in ("hidden", "Merger", "merger", copied["id"], copied["name"]):
        assert word not in answer.text
    problem(await house.ask("GET", f"integrations/{made['id']}/impact", project="secret-merger"), 404)


async def test_what_would_stop_others_is_refused_until_it_is_accepted(house: House) -> None:
    made = await connect(house)
    await house.ok("POST", SEND, {"input": EMAIL}, key=await house.member("worker", name="mailer"))
    path = f"integrations/{made['id']}"
    attempts = [("DELETE", path, None), ("PUT", path, {"status": "inactive"}), ("POST", f"{path}/expire", {"reason": "leak"})]

    for method, address, body in attempts:
        plan = await house.ok(method, f"{address}?plan=true", body)
        assert [(each["kind"], each["name"]) for each in plan["breaks"]] == [("principal", "mailer")]
        refused = problem(await house.ask(method, address, body), 409)
        assert (refused["code"], refused["details"]["count"]) == ("impact", 1)
        assert "mailer" in refused["message"]
    assert (await house.ok("GET", path))["status"] == "active"
    assert (await house.ok("PUT", path, {"name": "renamed"}))["name"] == "renamed"
    expired = await house.ok("POST", f"{path}/expire", {"reason": "It leaked", "accept_impact": True})
    assert (expired["status"], expired["status_reason"]) == ("expired", "It leaked")
    assert problem(await house.ask("POST", f"{path}/expire", {"reason": "again", "accept_impact": True}), 409)
    answer = await house.ask("DELETE", path)  # what fails already is stopped by nothing
    assert answer.status_code == 204


async def test_ones_own_calls_stop_nobody(house: House) -> None:
    made = await connect(house)
    await house.ok("POST", SEND, {"input": EMAIL})
    plan = await house.ok("DELETE", f"integrations/{made['id']}?plan=true")
    assert plan["breaks"] == []
    assert plan["impact"]["principals"][0]["calls"] == 1
    assert (await house.ask("DELETE", f"integrations/{made['id']}")).status_code == 204


async def test_what_other_rooms_built_on_it_is_listed_and_stops(house: House) -> None:
    made, other = await connect(house), await connect(house, "other")

    def automations(session: Session, row: Integration) -> list[Dependent]:
        if row.id != made["id"]:
            return []
        return [Dependent("automation", "aut_1", "Welcome", "3", ("step send",), ("postmark.email.send",))]

    house.hub.integrations.add_impact_source(automations)
    (found,) = (await house.ok("GET", f"integrations/{made['id']}/impact"))["dependents"]
    assert (found["kind"], found["name"], found["version"], found["parts"]) == ("automation", "Welcome", "3", ["step send"])
    await house.ok("PUT", f"integrations/{made['id']}", {"status": "inactive", "accept_impact": True})
    told = problem(await house.ask("DELETE", f"integrations/{made['id']}"), 409)
    assert "Welcome is built on it (step send)" in told["message"]
    assert (await house.ask("DELETE", f"integrations/{other['id']}")).status_code == 204


async def test_a_plan_changes_nothing_and_shows_no_secret(house: House) -> None:
    config = {"bucket": "media", "region": "eu-west-1", "endpoint": "https://one.example.com"}
    body = {
        "name": "store", "provider": "s3", "config": config,
        "credentials": {"access_key_id": "AKIAINVENTED000", "secret_access_key": "invented-" + CANARY},
    }  # fmt: skip
    made = await house.ok("POST", "integrations", body)
    path = f"integrations/{made['id']}"
    moved = {"config": config | {"endpoint": "https://two.example.com"}}

    plan = await house.ask("PUT", f"{path}?plan=true", moved)
    changes = {each["field"]: each.get("after") for each in plan.json()["changes"]}
    assert changes["config.endpoint"] == "https://two.example.com"
    assert changes["credentials"].startswith("dropped")
    rotated = await house.ask("POST", f"{path}/rotate?plan=true", {"credentials": body["credentials"], "probe": False})
    assert {"field": "credentials", "before": "stored", "after": "replaced"} in rotated.json()["changes"]
    assert CANARY not in plan.text + rotated.text
    after = await house.ok("GET", path)
    assert (after["updated_at"], after["has_credentials"]) == (made["updated_at"], True)


async def test_a_copy_over_another_is_planned_and_keeps_its_id(house: House) -> None:
    await house.another("Branch", "sandbox")
    source, target = (
        await connect(house),
        await house.ok("POST", "integrations", {"name": "MAIL", "provider": "postmark"}, project="branch"),
    )
    copying = {"source_project_id": house.project.id, "source_integration_id": source["id"]}
    told = problem(await house.ask("POST", "integrations/copy", copying, project="branch"), 409)
    assert told["code"] == "name_taken"
    plan = await house.ask("POST", "integrations/copy?plan=true", copying, project="branch")
    assert (plan.status_code, plan.json()["integration_id"]) == (200, target["id"])
    over = await house.ok("POST", "integrations/copy", copying | {"replace": True}, project="branch")
    assert (over["id"], over["name"], over["has_credentials"]) == (target["id"], "MAIL", True)
    assert (await house.ask("POST", "integrations/copy", copying | {"replace": True})).status_code == 409


async def test_its_history_tells_each_state_and_who(house: House) -> None:
    made = await connect(house)
    path = f"integrations/{made['id']}"
    await house.ok("PUT", path, {"status": "inactive"})
    await house.ok("PUT", path, {"status": "active"})
    await house.ok("POST", SEND, {"input": EMAIL})
    await house.ok("POST", f"{path}/expire", {"reason": "It leaked"})
    steps = (await house.ok("GET", f"{path}/history"))["items"]
    assert [step.get("status") for step in steps] == ["expired", "active", "inactive", None]
    assert (steps[0]["reason"], steps[-1]["action"]) == ("It leaked", "create")
    assert all(step["by"] for step in steps)


async def test_a_long_log_is_counted_quickly(house: House) -> None:
    """20,000 calls: the look-ups go by index, so the time is that of the rows of one integration."""
    made = await connect(house)

    def call(at: int) -> dict[str, Any]:
        which = made["id"] if at % 10 == 0 else "int_other"
        return Invocation(
            project_id=house.project.id, action_name="postmark.email.send", integration_id=which, status="completed"
        ).model_dump()

    def fill(session: Session) -> None:
        session.connection().execute(insert(Invocation), [call(at) for at in range(20_000)])

    await house.hub.store.write(fill)
    plan = await house.hub.store.read(
        lambda session: str(
            session.connection()
            .exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT max(started_at) FROM invocation WHERE integration_id = ? AND started_at >= ?",
                (made["id"], "2020"),
            )
            .all()
        )
    )
    assert "ix_invocation_integration" in plan
    found = await house.ok("GET", f"integrations/{made['id']}/impact")
    assert found["actions"][0]["calls"] == 2_000
