"""The habits of models, and content of any size."""

import base64
import json
from pathlib import Path

import pytest
from pydantic import ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal

from powerstrip.adapter import Content, Model, Pick
from powerstrip.adapter.model import by_name, by_wire
from powerstrip.adapter.schemas import input_schema, picks


class Mail(Model):
    model_config = ConfigDict(alias_generator=to_pascal)

    sender_name: str
    body: bytes = b""
    tag: str | None = None
    """A word to find it by."""
    stream_id: str = Field(default="outbound", json_schema_extra={"x-picker": "stream"})


def test_people_and_provider_spell_it_each_in_their_way() -> None:
    mail = Mail(sender_name="Ada", body=b"\x00\xff")
    assert by_name(mail) == {"sender_name": "Ada", "body": "AP8=", "stream_id": "outbound"}
    assert by_wire(mail) == {"SenderName": "Ada", "Body": "AP8=", "StreamId": "outbound"}


def test_it_is_read_in_either_spelling() -> None:
    assert Mail.model_validate_json('{"SenderName": "Ada"}') == Mail.model_validate_json('{"sender_name": "Ada"}')


def test_bytes_are_base64_in_json() -> None:
    assert Mail.model_validate_json('{"sender_name": "Ada", "body": "AP8="}').body == b"\x00\xff"
    with pytest.raises(ValidationError):
        Mail.model_validate_json('{"sender_name": "Ada", "body": "not base64!"}')


def test_what_a_provider_sends_beyond_the_declared_is_dropped() -> None:
    assert by_name(Mail.model_validate_json('{"SenderName": "Ada", "New": 1}')).keys() == {"sender_name", "body", "stream_id"}


def test_what_a_caller_sends_beyond_the_declared_can_be_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Mail.model_validate_json('{"sender_name": "Ada", "is_admin": true}', extra="forbid")


def test_an_error_does_not_repeat_the_refused_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Mail.model_validate({"sender_name": ["refused-value"]})
    assert "refused-value" not in str(caught.value)


def test_a_docstring_below_a_field_describes_it() -> None:
    assert input_schema(Mail)["properties"]["tag"]["description"] == "A word to find it by."


def test_a_picker_is_named_in_the_schema() -> None:
    assert list(picks(input_schema(Mail))) == [("stream_id", "stream")]
    assert Pick("stream") == Pick("stream")


class Upload(Model):
    file: Content


def test_content_is_base64_in_json() -> None:
    upload = Upload.model_validate_json(json.dumps({"file": base64.b64encode(b"hello").decode()}))
    assert (upload.file.read(), upload.file.size) == (b"hello", 5)
    assert by_name(upload) == {"file": "aGVsbG8="}


def test_content_may_be_a_file_that_was_uploaded_before() -> None:
    upload = Upload.model_validate_json('{"file": {"file": "file_1"}}')
    assert upload.file.file_id == "file_1"
    assert by_name(upload)["file"]["file"] == "file_1"


@pytest.mark.parametrize("value", [7, "not base64!", {"file": 7}, {}, None, ["x"]])
def test_what_is_no_content_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        Upload.model_validate_json(json.dumps({"file": value}))


def test_content_does_not_show_itself() -> None:
    assert repr(Content(b"a private letter")) == "Content(16 bytes)"
    assert "private" not in repr(Upload(file=Content(b"a private letter")))


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 256 * 1024 + 1, 1_000_000])
async def test_content_in_memory_and_on_disk_reads_the_same(size: int, tmp_path: Path) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    path = tmp_path / "file"
    path.write_bytes(data)
    memory, disk = Content(data), Content(path=path)
    assert memory.size == disk.size == size
    assert memory.sha256() == disk.sha256()
    for content in (memory, disk, disk):
        pieces = [piece async for piece in content.chunks()]
        assert b"".join(pieces) == data
        assert all(len(piece) <= 256 * 1024 for piece in pieces)
