"""The sealed box: it opens where it was sealed, as it was sealed, and nowhere else."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from powerstrip.vault import Place, SealBroken
from powerstrip.vault.box import Key, key_id

KEY = Key("dk_invented", bytes(range(32)))
PLACE = Place("prj_a", "int_a", "credentials/1", "live")
places = st.builds(Place, st.text(), st.text(), st.text(), st.text())


@given(place=places, plain=st.binary(max_size=2000))
def test_what_is_sealed_opens_in_its_place(place: Place, plain: bytes) -> None:
    blob = KEY.seal(place, plain)
    assert KEY.open(place, blob) == plain
    assert key_id(blob) == KEY.id


@given(plain=st.binary(max_size=50), position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused(plain: bytes, position: int, bit: int) -> None:
    blob = bytearray(KEY.seal(PLACE, plain))
    blob[position % len(blob)] ^= 1 << bit
    with pytest.raises(SealBroken):
        KEY.open(PLACE, bytes(blob))


def test_every_byte_counts() -> None:
    blob = KEY.seal(PLACE, b"invented")
    for position in range(len(blob)):
        changed = blob[:position] + bytes([blob[position] ^ 0xFF]) + blob[position + 1 :]
        with pytest.raises(SealBroken):
            KEY.open(PLACE, changed)


@given(sealed=places, opened=places)
@example(sealed=Place("a", "bc", "d"), opened=Place("ab", "c", "d"))
@example(sealed=Place("a", "", "b"), opened=Place("a", "b", ""))
@example(sealed=replace(PLACE, mode="sandbox"), opened=PLACE)
def test_another_place_is_refused(sealed: Place, opened: Place) -> None:
    blob = KEY.seal(sealed, b"invented")
    if astuple(sealed) == astuple(opened):
        assert KEY.open(opened, blob) == b"invented"
    else:
        with pytest.raises(SealBroken):
            KEY.open(opened, blob)


@pytest.mark.parametrize("field", ["project", "record", "field", "mode"])
def test_each_part_of_the_place_counts(field: str) -> None:
    with pytest.raises(SealBroken):
        KEY.open(replace(PLACE, **{field: "other"}), KEY.seal(PLACE, b"invented"))


@given(st.binary(max_size=200))
def test_what_is_no_box_is_refused(blob: bytes) -> None:
    with pytest.raises(SealBroken):
        KEY.open(PLACE, blob)


@pytest.mark.parametrize(
    "blob", [b"", b"\x01", b"\x01\x03ab", b"\x02\x01a" + bytes(40), b"\x01\x01\xff" + bytes(40), b"\x01\xffa"]
)
def test_what_is_no_box_names_no_key(blob: bytes) -> None:
    with pytest.raises(SealBroken) as caught:
        key_id(blob)
    assert caught.value.status == 422


def test_another_key_is_refused_also_under_the_same_name() -> None:
    blob = KEY.seal(PLACE, b"invented")
    for other in (Key(KEY.id, bytes(32)), Key("dk_other", bytes(range(32)))):
        with pytest.raises(SealBroken):
            other.open(PLACE, blob)


def test_equal_texts_give_unequal_boxes() -> None:
    assert len({KEY.seal(PLACE, b"invented") for _ in range(100)}) == 100
