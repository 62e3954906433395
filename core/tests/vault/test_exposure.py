"""A planted secret is nowhere to be found: not in objects, errors, logs, SQL or the bytes of any file."""

import base64
import copy
import dataclasses
import json
import logging
import pickle
import traceback
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text, update

from powerstrip.problems import StoreUnavailable
from powerstrip.store import Credential
from powerstrip.vault import MasterKey, Place, SealBroken, Sealed
from powerstrip.vault.box import Key

CANARY = "canary-" + "Zq7xW2vK9mT4" + "-invented"
MATERIAL = b"canary key material, 32 bytes ok"


def forms(secret: bytes) -> list[bytes]:
    """The secret as it might lie somewhere: raw, base64 at each offset, hex, escaped, and any 12 characters of it."""
    pieces = [secret[start : start + 12] for start in range(len(secret) - 11)]
    encoded = [base64.b64encode(bytes(pad) + secret)[4:-4] for pad in range(3)]
    encoded += [base64.urlsafe_b64encode(bytes(pad) + secret)[4:-4] for pad in range(3)]
    escaped = [urllib.parse.quote(secret).encode(), json.dumps(secret.decode()).encode()]
    return [*pieces, *encoded, *escaped, secret.hex().encode(), secret.hex().upper().encode()]


def seen(haystack: bytes, secret: bytes) -> bool:
    return any(form in haystack for form in forms(secret))


def test_the_search_itself_finds() -> None:
    secret = CANARY.encode()
    for hidden in (secret, base64.b64encode(b"ab" + secret), secret.hex().encode(), secret[5:18]):
        assert seen(b"before " + hidden + b" after", secret)
    assert not seen(b"nothing here", secret)


SHOWN: dict[str, Callable[[Any], object]] = {
    "repr": repr,
    "str": str,
    "f-string": lambda thing: f"{thing}",
    "percent": lambda thing: "%s" % thing,  # noqa: UP031
    "format": lambda thing: f"{thing!r:>80}",
    "pickle": pickle.dumps,
    "copy": lambda thing: repr(copy.copy(thing)),
    "deepcopy": lambda thing: repr(copy.deepcopy(thing)),
    "vars": vars,
    "state": lambda thing: thing.__getstate__(),
    "asdict": dataclasses.asdict,
    "fields": msgspec.structs.asdict,
    "encoded": msgspec.json.encode,
    "json": lambda thing: json.dumps(thing, default=vars),
    "json of text": lambda thing: json.dumps(thing, default=str),
    "slots": lambda thing: [getattr(thing, name) for name in getattr(type(thing), "__slots__", ())],
}


def shown_by(show: Callable[[Any], object], thing: object) -> bytes:
    """What comes out; nothing where it is refused."""
    try:
        shown = show(thing)
    except (TypeError, AttributeError):
        return b""
    return shown if isinstance(shown, bytes) else repr(shown).encode()


@pytest.mark.parametrize("how", SHOWN)
@pytest.mark.parametrize("thing", [MasterKey(MATERIAL), Key("dk_x", MATERIAL)], ids=["master", "data key"])
def test_keys_show_nothing(thing: object, how: str) -> None:
    assert not seen(shown_by(SHOWN[how], thing), MATERIAL)


async def test_a_vault_and_a_sealed_credential_show_nothing(house) -> None:
    await house.keep(house.one, token=CANARY)
    sealed = await house.use(house.one)
    for thing in (house.vault, sealed, Sealed(sealed.sealed, "dk_x"), house.vault._ring, house.vault._credentials):
        for show in SHOWN.values():
            assert not seen(shown_by(show, thing), CANARY.encode())
    assert "sealed=" not in repr(sealed)


def test_errors_hold_neither_key_nor_text() -> None:
    key, place = Key("dk_x", MATERIAL), Place("prj", "rec", "field")
    with pytest.raises(SealBroken) as caught:
        key.open(place, key.seal(place, CANARY.encode())[:-1])
    report = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert not seen(report.encode(), MATERIAL)
    assert not seen(report.encode(), CANARY.encode())


LOGGERS = ("sqlalchemy.engine", "sqlalchemy.pool", "sqlalchemy.orm", "asyncio", "psycopg", "powerstrip")


@pytest.fixture
def debugging(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


async def test_debug_logs_and_sql_hold_ciphertext_alone(debugging: pytest.LogCaptureFixture, house) -> None:
    await house.keep(house.one, token=CANARY)
    assert await house.revealed(house.one) == {"token": CANARY}
    await house.store.write(lambda session: session.exec(update(Credential).values(data_key_id="dk_gone")))
    with pytest.raises(SealBroken):
        await house.use(house.one)
    with pytest.raises(StoreUnavailable):
        await house.store.hot(lambda c: c.execute(text("SELECT nonsense")))
    assert "UPDATE credential SET data_key_id" in debugging.text  # the logs do show statements
    assert not seen(debugging.text.encode(), CANARY.encode())


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # a running server removes its caches as it likes
        return b""


async def test_the_bytes_on_the_disk_hold_ciphertext_alone(house, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    marker = "marker-that-is-no-secret-of-ours"
    await house.keep(house.one, token=CANARY)
    await house.keep(house.one, token=CANARY, marker=marker)
    await house.revealed(house.one)
    await house.store.hot(lambda c: c.execute(text("UPDATE project SET description = :marker"), {"marker": marker}))
    if house.store.sqlite:
        files = [tmp_path / f"powerstrip.db{end}" for end in ("", "-wal", "-shm")]
    else:
        server = request.getfixturevalue("postgresql_server")
        server.execute("CHECKPOINT")
        files = [path for path in server.folder.rglob("*") if path.is_file()]
    contents = [content(path) for path in files]
    assert any(marker.encode() in content for content in contents)  # the search looks at the right files
    for secret in (CANARY.encode(), house.master._take()):
        raw = [secret, base64.b64encode(secret), secret.hex().encode()]
        assert not any(form in content for form in raw for content in contents)
