"""Bundles of integrations."""

from typing import Literal

from pydantic import Field

from powerstrip import connect
from powerstrip.api.shapes.base import Asked, Object, Told
from powerstrip.api.shapes.impact import Breakage, PlannedChange


class BundleKey(Told):
    """The public key to which other hubs seal bundles for this one."""

    public_key: str


class ExportIntegrationsRequest(Asked):
    """Which bundle to make."""

    seal_to: str | None = Field(default=None, max_length=200)
    """The target hub's public key. Without it no credential is in the bundle."""


class BundledIntegration(Told):
    """One integration of a bundle."""

    provider: str
    name: str
    mode: Literal["live", "sandbox"]
    status: Literal["active", "inactive", "expired"]
    auth_kind: str
    origin: str
    """Where its credential was entered for; empty where there is no one place."""
    config: Object


class SealedCredentials(Told):
    """Credentials, sealed to one hub's public key. Binary values are in base64url."""

    algorithm: str
    recipient: str
    ephemeral: str
    nonce: str
    ciphertext: str


class IntegrationBundle(Told):
    """A project's integrations. Without `sealed` there is no secret in it."""

    format: Literal["powerstrip-integrations"]
    version: int
    exported_at: str
    integrations: list[BundledIntegration]
    sealed: SealedCredentials | None = None


class ImportIntegrationsRequest(Asked):
    """A bundle to import."""

    bundle: Object = Field(repr=False)
    skip_conflicts: bool = False
    """Import the others where some cannot be."""
    accept_impact: bool = False
    """Do it although it stops what others do."""


class ImportEntry(Told):
    """What an import does with one integration."""

    provider: str
    name: str
    state: Literal["new", "changed", "same", "conflict", "missing_provider"]
    reason: str | None = None
    changes: list[PlannedChange]
    breaks: list[Breakage]
    integration_id: str | None = None


class ImportResult(Told):
    """A bundle beside the project. `applied` is false for a plan."""

    applied: bool
    sealed: bool
    entries: list[ImportEntry]

    @classmethod
    def of(cls, found: connect.Difference) -> "ImportResult":
        """From what was found, or done."""
        return cls.model_validate(found, from_attributes=True)
