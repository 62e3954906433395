"""Descriptions that are imported, and what is made of them."""

from typing import Literal

from pydantic import Field

from powerstrip.api.shapes.base import Asked, Id, Name, Object, Told
from powerstrip.catalog import Change
from powerstrip.connect import Dependent
from powerstrip.connect.definitions import Outlook, report_of
from powerstrip.store import Definition


class DescriptionRequest(Asked):
    """A description: its text, a file that was uploaded, or an address. One of the three."""

    document: str | None = Field(default=None, max_length=1_000_000, repr=False)
    """JSON or YAML. A larger one is uploaded as a file."""
    file: Id | None = None
    """The id of an uploaded file."""
    url: str | None = Field(default=None, max_length=2000)
    source: str = Field(default="", max_length=300)
    """Where it came from, for people."""
    provider: str = Field(default="http", max_length=64)


class ApplyDescriptionRequest(DescriptionRequest):
    """The same for an integration that has a definition, or is to have one."""

    accept_breaking: bool = False
    """Apply it although it breaks who uses the integration."""
    adds: bool = False
    """Keep the operations that are there, but for those of the same id."""


class CreateFromDescriptionRequest(DescriptionRequest):
    """A new integration, made of a description. Without credentials it waits for them."""

    name: Name
    credentials: Object | None = Field(default=None, repr=False)
    config: Object = Field(default_factory=dict)
    auth_kind: str | None = Field(default=None, max_length=64)
    mode: Literal["live", "sandbox"] | None = None


class SignInOption(Told):
    """A way to sign in that the description names: settings for it, and what a person fills in."""

    kind: str
    config: Object
    fill_in: list[str]


class ContractChange(Told):
    """One thing that changed, and whether it breaks who uses it."""

    kind: Literal["breaking", "additive", "deprecated"]
    where: str
    what: str

    @classmethod
    def of(cls, change: Change) -> "ContractChange":
        """From the catalog's own."""
        return cls(kind=change.kind, where=change.where, what=change.what)


class BrokenDependent(Told):
    """Something that is built on an action that breaks."""

    kind: str
    id: str
    name: str

    @classmethod
    def of(cls, dependent: Dependent) -> "BrokenDependent":
        """From the impact's own."""
        return cls(kind=dependent.kind, id=dependent.id, name=dependent.name)


class ImportReport(Told):
    """What came of a description."""

    title: str
    operations: int
    """Those that stand in it."""
    imported: int
    auth: list[str]
    """Kinds of signing in, the preferred one first."""
    warnings: list[str]
    refused: dict[str, str]
    """Operations that are not imported, each with its reason."""
    todo: list[str]
    """What a person must confirm or fill in."""
    sign_in: list[SignInOption]
    config: Object
    """Settings for the integration, as far as the description tells them."""


class ImportOutlook(Told):
    """An import beside what is there. `applied` is false for a plan; `version` is the one that was made."""

    applied: bool
    report: ImportReport
    changes: list[ContractChange]
    breaks: list[BrokenDependent]
    version: int | None = None
    integration_id: str | None = None
    handle: str | None = None

    @classmethod
    def of(cls, outlook: Outlook, kept: Definition | None = None) -> "ImportOutlook":
        """From an outlook, and from what was kept where it was applied."""
        return cls(
            applied=kept is not None,
            report=ImportReport.model_validate(report_of(outlook.imported)),
            changes=[ContractChange.of(each) for each in outlook.changes],
            breaks=[BrokenDependent.of(each) for each in outlook.dependents],
            version=kept.version if kept else None,
            integration_id=kept.integration_id if kept else None,
            handle=kept.handle if kept else None,
        )


class IntegrationDefinition(Told):
    """One version of what an integration's own actions are made of."""

    integration_id: str
    provider: str
    handle: str
    """Stands for the integration in the names of its actions."""
    version: int
    versions: list[int]
    """Those that are kept, newest first."""
    title: str
    source: str
    operations: int
    actions: list[str]
    report: ImportReport
    created_at: str

    @classmethod
    def of(cls, row: Definition, versions: list[int]) -> "IntegrationDefinition":
        """From its row."""
        names = [f"{row.provider}.{row.handle}.{name}" for name in row.document.get("operations", {})]
        plain = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name) and name != "report"}
        return cls(**plain, versions=versions, actions=names, report=ImportReport.model_validate(row.report))


class DefinitionDiff(Told):
    """What changed between two versions."""

    old: int
    new: int
    changes: list[ContractChange]
