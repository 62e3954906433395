"""The webhook addresses that belong to an integration, for who wants to know what is built on it."""

from collections.abc import Iterable

from sqlmodel import Session, col

from powerstrip.connect import Dependent
from powerstrip.store import Endpoint, Integration, scope


def endpoint_dependents(session: Session, row: Integration) -> Iterable[Dependent]:
    """An `ImpactSource`: endpoints that hear this integration's account alone, by their provider's id."""
    found: list[Endpoint] = scope(session, row.project_id).all(Endpoint, col(Endpoint.integration_id) == row.id)
    return [Dependent("inbound_endpoint", each.id, each.provider) for each in found if each.enabled]
