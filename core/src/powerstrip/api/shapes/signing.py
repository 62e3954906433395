"""Signing secrets, as they are shown once: of webhooks and of actions of one's own."""

from typing import Any, Self

from pydantic import Field

from powerstrip.api.shapes.base import Told
from powerstrip.edge import SigningKey, standard_secret


def secret_facts(key: SigningKey) -> dict[str, Any]:
    """The fields that show a key, in both spellings."""
    return {
        "secret_version": key.version,
        "signing_secret": key.text,
        "standard_webhooks_secret": standard_secret(key.text),
    }


class NewSecret(Told):
    """A new signing secret, shown this once."""

    secret_ref: str
    secret_version: int
    signing_secret: str = Field(repr=False)
    standard_webhooks_secret: str = Field(repr=False)

    @classmethod
    def shown(cls, reference: str, key: SigningKey) -> Self:
        """`reference` is what a receiver finds the key by."""
        return cls(secret_ref=reference, **secret_facts(key))
