"""Forms with files: what is written is what a reader takes apart, and no text leaves its part."""

from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerstrip.adapter import Content, Delivery, Part, Rejected, multipart
from powerstrip.adapter.multipart import MAX_MULTIPART


def read(body: bytes, kind: str) -> list[tuple[str, bytes]]:
    whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    parts = whole.get_payload()
    assert isinstance(parts, list)
    return [(str(part.get_param("name", header="content-disposition")), part.get_payload(decode=True)) for part in parts]  # type: ignore[misc]


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4))
def test_what_goes_in_comes_out(values: list[bytes]) -> None:
    body, kind = multipart(Part(f"f{number}", value, filename="a") for number, value in enumerate(values))
    mark = kind.partition("boundary=")[2].encode()
    pieces = body.split(b"--" + mark)[1:-1]
    assert [piece.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for piece in pieces] == values


def test_names_stay_within_their_line() -> None:
    body, kind = multipart(
        [Part('a"\r\nX: y', "text"), Part("file", Content(b"hi"), filename='é"\n.txt', media_type="text/plain")]
    )
    assert b'name="a%22%0D%0AX: y"\r\n\r\ntext\r\n' in body
    assert 'filename="é%22%0A.txt"\r\nContent-Type: text/plain\r\n\r\nhi'.encode() in body
    assert len(read(body, kind)) == 2
    with pytest.raises(Rejected, match="one line"):
        multipart([Part("file", b"", filename="a", media_type="text/plain\r\nX: y")])


def test_the_same_parts_make_the_same_body() -> None:
    assert multipart([Part("a", "b")]) == multipart([Part("a", "b")])
    assert multipart([Part("a", "b")]) != multipart([Part("a", "c")])


def test_too_much_is_refused_before_it_is_put_together() -> None:
    with pytest.raises(Rejected, match="32 MB"):
        multipart([Part("a", bytes(MAX_MULTIPART // 2 + 1)), Part("b", bytes(MAX_MULTIPART // 2))])


def test_a_delivery_in_parts_is_a_form() -> None:
    body, kind = multipart([Part("a", "1"), Part("a", "2"), Part("b", "ü"), Part("file", b"\xff", filename="x.bin")])
    assert Delivery(body, {"content-type": kind}).form() == {"a": "1", "b": "ü"}
    assert Delivery(b"a=1&a=2&b=%C3%BC", {"content-type": "application/x-www-form-urlencoded"}).form() == {"a": "1", "b": "ü"}
    assert Delivery(b"garbage", {"content-type": "multipart/form-data"}).form() == {}
