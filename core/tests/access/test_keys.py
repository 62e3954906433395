"""API keys: their form, their life, and what is kept of them."""

from datetime import timedelta

import pytest
import time_machine
from sqlmodel import select

from powerstrip.access import NewKey, NewRole
from powerstrip.access.tokens import SHOWN, new_key, read_key
from powerstrip.clock import monotonic, now
from powerstrip.problems import BadInput, Conflict, Forbidden, NotFound, Unauthenticated
from powerstrip.store import ApiKey


def test_a_key_has_its_form_and_keys_differ() -> None:
    keys = {new_key() for _ in range(200)}
    assert len(keys) == 200
    for key in keys:
        token = read_key(key)
        assert token is not None
        assert (token.key, token.handle) == (key, None)
        assert len(key) - len("mbx_") - 7 == 32  # 160 random bits


def test_every_changed_letter_breaks_the_check_sum() -> None:
    key = new_key()
    for place in range(4, len(key)):
        other = "a" if key[place] != "a" else "b"
        assert read_key(key[:place] + other + key[place + 1 :]) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mbx_",
        "Bearer",
        "mbx_" + "a" * 39,
        "mbx_" + "a" * 1_000_000,
        "mbx_ä" + "a" * 38,
        "mbc_" + "a" * 39,
        "\0",
        "mbx_" + "A" * 39,
    ],
    ids=lambda text: text[:8].encode("unicode_escape").decode() + str(len(text)),
)
async def test_a_malformed_key_is_refused_without_a_question_to_the_database(house, text, monkeypatch) -> None:
    async def never(work):
        raise AssertionError("the database was asked")

    monkeypatch.setattr(house.store, "read", never)
    for attempt in (text, text + ".main"):
        with pytest.raises(Unauthenticated):
            await house.access.authenticate(attempt)


async def test_the_handle_behind_the_dot_is_checked(house) -> None:
    new = NewKey(name="with handle", principal_id=house.first.principal.id, include_handle=True)
    made = await house.access.keys.create(house.admin, house.project, new)
    assert made.key.endswith(".main")
    plain = made.key.removesuffix(".main")
    for good in (made.key, plain):
        assert (await house.access.authenticate(good)).actor.key_id == made.row.id
    for bad in (plain + ".other", plain + ".", plain + ".main.main", plain + ".Main"):
        with pytest.raises(Unauthenticated):
            await house.access.authenticate(bad)


async def test_only_a_keyed_hash_and_eight_letters_are_kept(house) -> None:
    rows = await house.store.read(lambda session: list(session.exec(select(ApiKey))))
    kept = " ".join(str(row.model_dump()) for row in rows)
    key = house.first.key
    assert key[:SHOWN] in kept
    assert key[: SHOWN + 2] not in kept
    assert key[SHOWN:] not in kept
    assert "key=" not in repr(house.first)


async def test_every_refusal_reads_the_same(house) -> None:
    _, revoked = await house.member("viewer", name="revoked")
    row = (await house.access.keys.list(house.project.id))[0]
    await house.access.keys.revoke(house.admin, house.project.id, row.id)
    messages = set()
    for text in ("", "mbx_x", new_key(), revoked, house.first.key + ".other"):
        with pytest.raises(Unauthenticated) as caught:
            await house.access.authenticate(text)
        messages.add((caught.value.message, caught.value.code, str(caught.value.details)))
    assert len(messages) == 1


async def test_revoking_counts_at_once(house) -> None:
    identity, key = await house.member("viewer")
    await house.access.keys.revoke(house.admin, house.project.id, identity.actor.key_id)
    with pytest.raises(Unauthenticated):
        await house.access.authenticate(key)
    with pytest.raises(NotFound):
        await house.access.keys.get(house.project.id, identity.actor.key_id)
    with pytest.raises(NotFound):
        await house.access.keys.revoke(house.admin, house.project.id, identity.actor.key_id)
    assert identity.actor.key_id not in {row.id for row in await house.access.keys.list(house.project.id)}


async def test_an_expired_key_ends_on_time_even_when_it_was_just_used(house) -> None:
    with time_machine.travel(now(), tick=True) as clock:
        new = NewKey(name="short", principal_id=house.first.principal.id, expires_at=now() + timedelta(seconds=3))
        made = await house.access.keys.create(house.admin, house.project, new)
        await house.access.authenticate(made.key)
        clock.shift(timedelta(seconds=3))
        house.access._sessions.forget()
        with pytest.raises(Unauthenticated):
            await house.access.authenticate(made.key)


async def test_a_cached_key_is_trusted_no_longer_than_it_lives(house) -> None:
    new = NewKey(name="short", principal_id=house.first.principal.id, expires_at=now() + timedelta(seconds=2))
    made = await house.access.keys.create(house.admin, house.project, new)
    await house.access.authenticate(made.key)
    session = list(house.access._sessions._cache.values())[-1]
    assert session.until - monotonic() <= 2.01


async def test_the_expiry_lies_ahead_and_names_are_unique_among_live_keys(house) -> None:
    principal = house.first.principal.id
    with pytest.raises(BadInput):
        await house.access.keys.create(
            house.admin, house.project, NewKey("late", principal, expires_at=now() - timedelta(seconds=1))
        )
    made = await house.access.keys.create(house.admin, house.project, NewKey("ci", principal))
    with pytest.raises(Conflict):
        await house.access.keys.create(house.admin, house.project, NewKey("CI", principal))
    await house.access.keys.revoke(house.admin, house.project.id, made.row.id)
    await house.access.keys.create(house.admin, house.project, NewKey("ci", principal))


async def test_last_use_is_written_once_a_minute(house) -> None:
    identity, key = await house.member("viewer")
    await house.access.close()
    first = (await house.access.keys.get(house.project.id, identity.actor.key_id)).last_used_at
    assert first is not None
    house.access._sessions.forget()
    await house.access.authenticate(key)
    await house.access.close()
    assert (await house.access.keys.get(house.project.id, identity.actor.key_id)).last_used_at == first
    with time_machine.travel(now() + timedelta(seconds=61)):
        house.access._sessions.forget()
        await house.access.authenticate(key)
        await house.access.close()
    assert (await house.access.keys.get(house.project.id, identity.actor.key_id)).last_used_at > first


async def test_a_key_may_not_hold_more_than_its_maker(house) -> None:
    new = NewRole("key maker", ["project.view", "keys.manage", "principals.view"])
    await house.access.roles.create(house.admin, house.project.id, new)
    maker, _ = await house.member("key maker")
    with pytest.raises(Forbidden) as caught:
        await house.access.keys.create(maker, house.project, NewKey("mine now", house.first.principal.id))
    assert caught.value.code == "beyond_own_permissions"
    own = await house.access.keys.create(maker, house.project, NewKey("second", maker.actor.principal_id))
    assert (await house.access.authenticate(own.key)).grants.held == maker.grants.held


async def test_the_local_token_lives_in_memory_alone(house) -> None:
    token = house.access.local_token()
    assert (await house.access.authenticate(token)).may("project.manage", house.project.id)
    rows = await house.store.read(lambda session: list(session.exec(select(ApiKey.key_hash))))
    assert house.access._sessions.hash(token) not in rows


async def test_the_cache_is_bounded(house, monkeypatch) -> None:
    monkeypatch.setattr("powerstrip.access.sessions.CACHE_ENTRIES", 3)
    principal = house.first.principal.id
    made = [await house.access.keys.create(house.admin, house.project, NewKey(f"k{n}", principal)) for n in range(6)]
    for key in (row.key for row in made):
        await house.access.authenticate(key)
    assert len(house.access._sessions._cache) == 3
