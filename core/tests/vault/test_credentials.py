"""Credentials: kept sealed, used on record or not at all."""

import pytest
from sqlalchemy import text
from sqlmodel import select

from powerstrip.problems import Conflict, NotFound, StoreUnavailable
from powerstrip.store import Audit, Credential, Integration
from powerstrip.vault import MasterKey, MasterKeyError, Purpose, SealBroken, Vault

TOKEN = "xoxb-invented-0000"


async def versions(house) -> list[tuple[int, str]]:
    rows = await house.store.read(lambda session: list(session.exec(select(Credential).order_by(Credential.version))))
    return [(row.version, row.state) for row in rows]


async def change(house, integration: Integration, **fields: object) -> None:
    sets = ", ".join(f"{name} = :{name}" for name in fields)
    await house.store.hot(
        lambda c: c.execute(text(f"UPDATE integration SET {sets} WHERE id = :id"), {**fields, "id": integration.id})
    )


async def test_a_credential_comes_back_as_it_was_kept(house) -> None:
    await house.keep(house.one, token=TOKEN, note="ünï\udcff")
    assert await house.revealed(house.one) == {"token": TOKEN, "note": "ünï\udcff"}
    row = await house.store.read(lambda session: session.get(Integration, house.one.id))
    assert (row.credential_version, row.credential_fields) == (1, ["note", "token"])


async def test_a_restarted_hub_opens_it_too(house) -> None:
    await house.keep(house.one, token=TOKEN)
    house.vault = Vault(house.store, house.master)
    await house.vault.start()
    assert await house.revealed(house.one) == {"token": TOKEN}


async def test_a_new_version_replaces_the_old_and_leaves_one_way_back(house) -> None:
    for number in range(1, 5):
        await house.keep(house.one, token=f"invented-{number}")
        assert await house.revealed(house.one) == {"token": f"invented-{number}"}
    assert await versions(house) == [(3, "previous"), (4, "current")]


async def test_every_use_is_on_record(house) -> None:
    await house.keep(house.one, token=TOKEN)
    await house.use(house.one)
    row = await house.store.read(lambda session: session.exec(select(Audit)).one())
    assert (row.action, row.resource_type, row.resource_id, row.project_id) == (
        "use",
        "integration",
        house.one.id,
        house.one.project_id,
    )
    assert row.changes["action"] == "slack.message.post"
    assert row.changes["invocation_id"] == "inv_invented"
    assert row.user_id == "prn_invented"


async def test_without_the_record_there_is_no_credential(house) -> None:
    await house.keep(house.one, token=TOKEN)
    await house.store.hot(lambda c: c.execute(text("ALTER TABLE audit RENAME TO gone")))
    with pytest.raises(StoreUnavailable):
        await house.use(house.one)
    await house.store.hot(lambda c: c.execute(text("ALTER TABLE gone RENAME TO audit")))
    assert await house.revealed(house.one) == {"token": TOKEN}


@pytest.mark.parametrize("stranger", ["project", "integration", "both"])
async def test_a_foreign_integration_is_as_absent_as_a_random_one(house, stranger: str) -> None:
    await house.keep(house.two, token=TOKEN)
    project = "prj_random" if stranger == "project" else house.one.project_id
    target = (
        house.two if stranger != "both" else Integration(id="int_random", project_id=project, provider="", name="", name_key="")
    )
    with pytest.raises(NotFound) as caught:
        await house.use(target, project_id=project)
    assert caught.value.message == "There is no integration with this id in this project"
    assert await house.audited() == 0


@pytest.mark.parametrize(
    ("fields", "modes", "code", "advice"),
    [
        ({"status": "inactive"}, ("live", "sandbox"), "integration_inactive", "enable"),
        ({"status": "error"}, ("live", "sandbox"), "integration_inactive", "enable"),
        ({"status": "expired"}, ("live",), "integration_expired", "rotate"),
        ({"expires_at": "2020-01-01T00:00:00.000000Z"}, ("live",), "integration_expired", "rotate"),
    ],
)
async def test_one_that_may_not_be_used_is_refused_with_advice(
    house, fields: dict[str, str], modes: tuple[str, ...], code: str, advice: str
) -> None:
    await house.keep(house.one, token=TOKEN)
    await change(house, house.one, **fields)
    for mode in modes:
        with pytest.raises(Conflict) as caught:
            await house.use(house.one, mode)
        assert caught.value.code == code
        assert advice in caught.value.message
    assert await house.audited() == 0


async def test_a_sandboxed_call_needs_no_valid_credential(house) -> None:
    await house.keep(house.one, token=TOKEN)
    await change(house, house.one, status="expired")
    assert await house.use(house.one, "sandbox") is None
    assert await house.audited() == 1


async def test_a_probe_may_try_an_expired_one(house) -> None:
    await house.keep(house.one, token=TOKEN)
    await change(house, house.one, status="expired")
    probe = Purpose("slack:account", "ask_1", "live", probe=True)
    sealed = await house.store.hot(lambda c: house.vault.use(c, house.one.project_id, house.one.id, house.actor, probe))
    assert house.vault.reveal(sealed) == {"token": TOKEN}


async def test_one_that_expires_later_may_be_used(house) -> None:
    await house.keep(house.one, token=TOKEN)
    await change(house, house.one, expires_at="2999-01-01T00:00:00.000000Z")
    assert await house.revealed(house.one) == {"token": TOKEN}


async def test_a_sandboxed_call_is_on_record_and_reads_no_credential(house) -> None:
    await house.keep(house.one, token=TOKEN)
    await house.store.hot(lambda c: c.execute(text("ALTER TABLE credential RENAME TO gone")))  # reading it would fail
    assert await house.use(house.one, "sandbox") is None
    assert await house.audited() == 1
    await house.store.hot(lambda c: c.execute(text("ALTER TABLE gone RENAME TO credential")))


async def test_a_sandbox_is_never_used_live(house) -> None:
    await house.keep(house.one, token=TOKEN)
    await change(house, house.one, mode="sandbox")
    with pytest.raises(Conflict) as caught:
        await house.use(house.one)
    assert caught.value.code == "integration_sandbox"


async def test_a_mode_changed_in_the_row_does_not_open_what_was_sealed(house) -> None:
    await change(house, house.one, mode="sandbox")
    await house.keep(house.one, token=TOKEN)
    await change(house, house.one, mode="live")
    sealed = await house.use(house.one)
    with pytest.raises(SealBroken):
        house.vault.reveal(sealed)


async def test_one_without_credentials_gives_none(house) -> None:
    assert await house.use(house.one) is None
    assert await house.audited() == 1


async def test_ciphertext_moved_between_rows_projects_or_versions_does_not_open(house) -> None:
    await house.keep(house.one, token="invented-one")
    await house.keep(house.two, token="invented-two")
    await house.keep(house.one, token="invented-three")
    take = "(SELECT sealed FROM credential c WHERE c.integration_id = :source AND c.version = :version)"
    for source, version in ((house.two.id, 1), (house.one.id, 1)):
        move = text(f"UPDATE credential SET sealed = {take} WHERE integration_id = :target AND version = 2")
        await house.store.hot(
            lambda c, values={"source": source, "version": version, "target": house.one.id}, move=move: c.execute(move, values)
        )
        sealed = await house.use(house.one)
        with pytest.raises(SealBroken):
            house.vault.reveal(sealed)


async def test_a_copy_opens_in_its_new_place_and_the_original_stays(house) -> None:
    await house.keep(house.one, token=TOKEN)

    def copy(session) -> None:
        source, target = session.get(Integration, house.one.id), session.get(Integration, house.two.id)
        house.vault.copy_credential(session, source, target, house.actor)

    await house.store.write(copy)
    assert await house.revealed(house.two) == await house.revealed(house.one) == {"token": TOKEN}
    rows = await house.store.read(lambda session: list(session.exec(select(Credential.data_key_id))))
    assert len(set(rows)) == 2


async def test_deleting_leaves_no_version(house) -> None:
    await house.keep(house.one, token="invented-one")
    await house.keep(house.one, token="invented-two")
    await house.keep(house.two, token="invented-other")

    def delete(session) -> None:
        row = session.get(Integration, house.one.id)
        house.vault.delete_credential(session, row)
        session.delete(row)

    await house.store.write(delete)
    assert await versions(house) == [(1, "current")]
    assert await house.revealed(house.two) == {"token": "invented-other"}


async def test_a_credential_on_trial_is_on_record_and_not_kept(house) -> None:
    probe = Purpose("slack:account", "ask_1", "live", probe=True)
    sealed = await house.store.hot(lambda c: house.vault.offer(c, house.one, {"token": TOKEN}, house.actor, probe))
    assert house.vault.reveal(sealed) == {"token": TOKEN}
    assert await versions(house) == []
    assert await house.audited() == 1


async def test_another_master_key_opens_nothing(house) -> None:
    await house.keep(house.one, token=TOKEN)
    sealed = await house.use(house.one)
    stranger = Vault(house.store, MasterKey(bytes(32)))
    with pytest.raises(MasterKeyError, match="give that one"):
        await house.store.read(lambda session: stranger.open(session, sealed.place, sealed.sealed))
