"""What a FHIR server tells: resources made and changed, and patients admitted.

A rest-hook sends the resource by PUT to `[address]/[type]/[id]` (some servers by POST), or an empty POST where no payload was
agreed. Source: hl7.org/fhir/R4/subscription.html. The bundles of the R5 backport are read too.
"""

import json
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, cast

from pydantic import Field, ValidationError

from powerstrip.adapter import Delivery, Incoming, Rejected
from powerstrip.adapter.signatures import fhir_channel_header
from powerstrip_fhir.bundles import Found, Meta, Raw, found
from powerstrip_fhir.provider import fhir
from powerstrip_fhir.r4 import check_type

Change: TypeAlias = Literal["created", "updated"]
FIRST = "1"
"""The first version at servers that count them. At others a webhook cannot tell that a resource is new; a poll can."""
BESIDE = ("Parameters", "SubscriptionStatus", "OperationOutcome")
"""What a notification holds about itself."""


class _Event(Found):
    reference: str = Field(description="`Type/id`.", examples=["Patient/sample"])  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    id: str = Field(examples=["sample"])  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


@fhir.event("patient.admitted", entity="encounter", key="id")
class Admitted(_Event):
    """A patient was admitted: an encounter is in progress. It is told once for each encounter."""

    change: Literal["admitted"]
    resource_type: Literal["Encounter"] = "Encounter"  # pyright: ignore[reportIncompatibleVariableOverride]
    reference: str = Field(examples=["Encounter/sample"])
    patient: str | None = Field(default=None, description="Reference of the patient.", examples=["Patient/sample"])
    encounter_class: str | None = Field(
        default=None, description="Such as IMP (inpatient), EMER, AMB (ambulatory).", examples=["IMP"]
    )


@fhir.event("resource.created", entity="resource", key="reference")
class Created(_Event):
    """A resource was made."""

    change: Literal["created"]


@fhir.event("resource.updated", entity="resource", key="reference")
class Updated(_Event):
    """A resource was changed."""

    change: Literal["updated"]


def news(raw: Raw, change: Change) -> Iterator[Incoming]:
    """What one version of a resource tells: its change, known by type, id and version, and an admission, by the encounter."""
    about = found(raw)
    version = about.version_id or about.last_updated
    data = about.model_dump(mode="json", exclude_none=True)
    yield Incoming({**data, "change": change}, key=f"{about.reference}/{version}" if version else None)
    if about.resource_type == "Encounter" and about.resource.get("status") == "in-progress":
        more = {"change": "admitted", "patient": _patient(about.resource), "encounter_class": _class(about.resource)}
        yield Incoming({**data, **more}, key=f"{about.reference}/admitted")


@fhir.webhook(verify=fhir_channel_header())
def receive(delivery: Delivery) -> list[Incoming]:
    """The resources in one notification. One without payload says nothing but that a poll would find something."""
    if delivery.method == "POST" and not delivery.body.strip() and "content-type" not in delivery.headers:
        return []
    resources = [_resource(each) for each in _resources(delivery.json())]
    return [each for raw in resources for each in news(raw, "created" if (raw.meta or Meta()).version_id == FIRST else "updated")]


def _resources(body: Any) -> list[Any]:
    match body:
        case {"resourceType": "Bundle", "entry": [*entries]}:
            rows = [cast(dict[str, Any], each) for each in entries if isinstance(each, dict)]
            inner = [row["resource"] for row in rows if isinstance(row.get("resource"), dict)]
            return [each for each in inner if each.get("resourceType") not in BESIDE]
        case {"resourceType": str(), "id": str()}:
            return [body]
        case _:
            raise Rejected("This is no notification of a FHIR server")


def _resource(given: Any) -> Raw:
    """Raises `Rejected` for what is no resource of R4."""
    try:
        raw = Raw.model_validate_json(json.dumps(given))
    except ValidationError:
        raise Rejected("The notification's resource is not well formed") from None
    if not raw.id:
        raise Rejected("The notification's resource has no id")
    check_type(raw.resource_type)
    return raw


def _patient(encounter: dict[str, Any]) -> str | None:
    match encounter:
        case {"subject": {"reference": str(reference)}}:
            return reference
        case _:
            return None


def _class(encounter: dict[str, Any]) -> str | None:
    match encounter:
        case {"class": {"code": str(code)}}:
            return code
        case _:
            return None
