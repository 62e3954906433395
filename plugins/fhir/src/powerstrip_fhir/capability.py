"""What a server says that it can do, and which actions that makes possible.

Source: hl7.org/fhir/R4/capabilitystatement.html.
"""

from contextlib import suppress

from pydantic import Field

from powerstrip.adapter import Account, Http, Model, Rejected
from powerstrip_fhir.bundles import Wire
from powerstrip_fhir.models import Abilities, Ask, Capability, Readiness
from powerstrip_fhir.provider import ACCEPT, VERSIONS, fhir

NEEDS = {
    "resource.read": ("read",),
    "resource.search": ("search-type",),
    "resource.create": ("create",),
    "resource.update": ("update",),
    "resource.patch": ("patch",),
    "resource.delete": ("delete",),
    "resource.history": ("history-instance", "history-type"),
}
"""Action → the interactions of which it needs one."""


class _Code(Wire):
    code: str = Field(examples=["read"])


class _Named(Wire):
    name: str = Field(examples=["everything"])


class _Type(Wire):
    type: str = Field(examples=["Patient"])
    interaction: list[_Code] = Field(default_factory=list[_Code])
    search_param: list[_Named] = Field(default_factory=list[_Named])
    search_include: list[str] = Field(default_factory=list[str])
    search_rev_include: list[str] = Field(default_factory=list[str])
    conditional_create: bool = False
    operation: list[_Named] = Field(default_factory=list[_Named])

    def abilities(self) -> Abilities:
        return Abilities(
            resource_type=self.type,
            interactions=[each.code for each in self.interaction],
            search_parameters=sorted(each.name for each in self.search_param),
            includes=self.search_include,
            reverse_includes=self.search_rev_include,
            conditional_create=self.conditional_create,
            operations=[each.name for each in self.operation],
        )


class _Rest(Wire):
    mode: str = Field(default="server", examples=["server"])
    resource: list[_Type] = Field(default_factory=list[_Type])
    interaction: list[_Code] = Field(default_factory=list[_Code])
    operation: list[_Named] = Field(default_factory=list[_Named])


class _Software(Wire):
    name: str = ""
    version: str | None = None


class _Implementation(Wire):
    description: str = ""


class Statement(Wire):
    """A CapabilityStatement, as far as it is about REST."""

    resource_type: str = Field(pattern="^CapabilityStatement$", examples=["CapabilityStatement"])
    fhir_version: str = Field(examples=["4.0.1"])
    name: str | None = None
    software: _Software | None = None
    implementation: _Implementation | None = None
    rest: list[_Rest] = Field(default_factory=list[_Rest])

    @property
    def server(self) -> _Rest:
        """What it does as a server; nothing where it does not say."""
        return next((each for each in self.rest if each.mode == "server"), _Rest())


class _Ready(Model):
    types: list[str] = Field(default_factory=list[str])
    reason: str | None = None


async def statement(http: Http) -> Statement:
    """The server's CapabilityStatement. Raises `Rejected` for one of another FHIR version."""
    found = await http.get("/metadata", headers=ACCEPT, returns=Statement)
    if not found.fhir_version.startswith(VERSIONS):
        version = found.fhir_version[:20]
        raise Rejected(f"The server speaks FHIR {version}, and this adapter R4 (4.0.1): give the base URL of its R4 address")
    return found


@fhir.account
async def account(http: Http) -> Account:
    """The server, by its CapabilityStatement, with what it lacks; then the credential is tried with a count of patients."""
    found = await statement(http)
    with suppress(Rejected):  # a credential that may not count patients is no bad credential
        await http.send("GET", "/Patient", params={"_summary": "count"}, headers=ACCEPT, returns=Model)
    about = found.implementation.description if found.implementation else ""
    name = about or (found.software.name if found.software else "") or found.name or "FHIR server"
    lacks = {each.action: each.reason for each in _told(found) if each.reason}
    return Account(str(http.config["base_url"]), name[:200], f"FHIR {found.fhir_version}", lacks)


def _told(found: Statement) -> list[Readiness]:
    """What the statement says of actions: nothing where it lists no types, as some servers do that can do much."""
    types = [each.abilities() for each in found.server.resource]
    return readiness(found, types) if types else []


@fhir.action("capability.get", title="Get the server's abilities", read_only=True)
async def get_capability(http: Http, ask: Ask) -> Capability:
    """Read what the server can do: types, interactions, search parameters, operations, and which actions that makes possible."""
    found = await statement(http)
    types = [each.abilities() for each in found.server.resource if ask.resource_type in (None, each.type)]
    software = found.software
    return Capability(
        fhir_version=found.fhir_version,
        software=f"{software.name} {software.version or ''}".strip() if software else None,
        resources=types,
        operations=[each.name for each in found.server.operation],
        actions=readiness(found, types),
    )


def readiness(found: Statement, types: list[Abilities]) -> list[Readiness]:
    """Each action, and whether the server declares what it needs."""
    ready = {action: _by_type(types, needs) for action, needs in NEEDS.items()}
    ready["bundle.transaction"] = _declared("transaction" in {each.code for each in found.server.interaction}, "transactions")
    everything = any("everything" in each.operations for each in types if each.resource_type == "Patient")
    everything = everything or any(each.name in ("everything", "patient-everything") for each in found.server.operation)
    ready["patient.everything"] = _declared(everything, "the operation $everything for patients")
    ready["capability.get"] = _Ready()
    return [
        Readiness(action=action, ready=each.reason is None, resource_types=each.types, reason=each.reason)
        for action, each in ready.items()
    ]


def _by_type(types: list[Abilities], needs: tuple[str, ...]) -> _Ready:
    able = [each.resource_type for each in types if set(needs) & set(each.interactions)]
    return _Ready(types=able, reason=None if able else f"The server declares no {' or '.join(needs)}")


def _declared(is_so: bool, what: str) -> _Ready:
    return _Ready(reason=None if is_so else f"The server does not declare {what}")
