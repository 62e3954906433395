"""The document: what stands in a bundle, and what is refused of one."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from powerstrip.names import name_key
from powerstrip.problems import BadInput, Unprocessable
from powerstrip.validation import encode, read_json

FORMAT, VERSION = "powerstrip-integrations", 1
MAX_BYTES = 1024 * 1024
MAX_INTEGRATIONS = 500

Text = Annotated[str, Field(max_length=2000)]


class Part(BaseModel):
    """What all parts have in common: closed, of exact types."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, defer_build=True)


class Item(Part):
    """One integration. `origin` is where its credential was entered for; empty where there is no one place."""

    provider: Annotated[str, Field(min_length=1, max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    mode: Literal["live", "sandbox"]
    status: Literal["active", "inactive", "expired"]
    auth_kind: Annotated[str, Field(max_length=80)]
    origin: Text
    config: dict[str, Any]


class SealedPart(Part):
    """The credentials, sealed to one hub's public key; binary values in base64url."""

    algorithm: Text
    recipient: Text
    ephemeral: Text
    nonce: Text
    ciphertext: Annotated[str, Field(max_length=MAX_BYTES)]


class Bundle(Part):
    """A whole bundle. Without `sealed` there is no secret in it."""

    format: Literal["powerstrip-integrations"]
    version: Literal[1]
    exported_at: Text
    integrations: Annotated[list[Item], Field(max_length=MAX_INTEGRATIONS)]
    sealed: SealedPart | None = None

    @property
    def beside(self) -> bytes:
        """What the seal covers beside the credentials: everything else, as canonical JSON."""
        return encode(self.model_dump(exclude={"sealed"}), "bundle", MAX_BYTES).encode("ascii")


def read_bundle(raw: Mapping[str, Any]) -> Bundle:
    """A bundle from decoded JSON.

    Raises `BadInput` with paths, `TooLarge`, and `Unprocessable` for one that a newer hub made.
    """
    text, version = encode(raw, "bundle", MAX_BYTES), raw.get("version")
    if raw.get("format") == FORMAT and isinstance(version, int) and version > VERSION:
        raise Unprocessable(
            f"The bundle has format {version}, and this hub reads up to {VERSION}: upgrade the hub", code="bundle_too_new"
        )
    bundle = read_json(Bundle, text, "bundle", under="bundle")
    _refuse_twins(bundle)
    return bundle


def _refuse_twins(bundle: Bundle) -> None:
    seen: set[tuple[str, str]] = set()
    for at, item in enumerate(bundle.integrations):
        key = (item.provider, name_key(item.name))
        if key in seen:
            errors = [{"path": f"bundle.integrations[{at}].name", "message": "It, or one that looks the same, is in it already"}]
            raise BadInput("The bundle has an integration twice", details={"errors": errors})
        seen.add(key)
