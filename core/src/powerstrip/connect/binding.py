"""From an integration's row to what the edge needs of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Row, bindparam
from sqlmodel import col, select

from powerstrip.adapter import Adapter, PowerstripError, TokenAuth
from powerstrip.connect.forms import auth_of
from powerstrip.connect.values import Mode
from powerstrip.edge import Bound, check_url, chosen_endpoints, origin_of
from powerstrip.names import name_key
from powerstrip.problems import BadInput, Conflict, NotFound, Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import Integration, Prepared
from powerstrip.value import Value
from powerstrip.vault import SealedCredential

_columns = (  # more than `select` has overloads for
    col(Integration.id),
    col(Integration.name),
    col(Integration.name_key),
    col(Integration.status),
    col(Integration.mode),
    col(Integration.auth_kind),
    col(Integration.origin),
    col(Integration.config),
    col(Integration.credential_version),
    col(Integration.credential_fields),
    col(Integration.updated_at),
)
_of_provider = Prepared(
    cast(Any, select)(*_columns)
    .where(col(Integration.project_id) == bindparam("project_id"), col(Integration.provider) == bindparam("provider"))
    .order_by(col(Integration.created_at), col(Integration.id))
)


class Link(Value):
    """An integration as a call finds it. `version` of its credential and `origin` tell whether it is still the same later."""

    project_id: str
    provider: str
    id: str
    name: str
    mode: Mode
    auth_kind: str
    origin: str
    config: Mapping[str, Any]
    version: int
    fields: tuple[str, ...]
    updated_at: str

    def bound(self, adapter: Adapter, mode: Mode, credential: SealedCredential | None) -> Bound:
        """What the edge is told. `mode` is that of the call: a live integration may be called in a sandbox, never the reverse."""
        return Bound(
            project_id=self.project_id,
            integration_id=self.id,
            provider=self.provider,
            adapter=adapter,
            auth=auth_of(adapter, self.auth_kind, self.fields),
            config=self.config,
            mode="sandbox" if self.mode == "sandbox" else mode,
            credential=credential,
            credential_fields=self.fields,
            edition=self.updated_at,
        )


def link_of(row: Integration) -> Link:
    """The same of a whole row."""
    return Link(
        project_id=row.project_id,
        provider=row.provider,
        id=row.id,
        name=row.name,
        mode="live" if row.mode == "live" else "sandbox",
        auth_kind=row.auth_kind,
        origin=row.origin,
        config=row.config,
        version=row.credential_version,
        fields=tuple(row.credential_fields),
        updated_at=row.updated_at,
    )


def find_link(connection: Connection, project_id: str, adapter: Adapter, reference: str | None) -> Link:
    """The integration that a call means: named by id or name, else the project's only active one of this provider.

    Raises `NotFound`, `Unprocessable` where several would fit and `Conflict` where there is none to choose from.
    """
    return Links(connection).find(project_id, adapter, reference)


class Links:
    """`find_link` for many calls of one transaction: each provider's integrations are read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[tuple[str, str], list[Row[Any]]] = {}
        self._made: dict[str, Link] = {}

    def find(self, project_id: str, adapter: Adapter, reference: str | None) -> Link:
        """See `find_link`."""
        key = (project_id, adapter.id)
        if key not in self._rows:
            self._rows[key] = _of_provider.all(self._connection, project_id=project_id, provider=adapter.id)
        rows = self._rows[key]
        row = _choose(rows, adapter.title) if reference is None else _named(rows, adapter.title, reference)
        made = self._made.get(row.id)
        return made or self._made.setdefault(row.id, _link(project_id, adapter.id, row))


def _link(project_id: str, provider: str, row: Row[Any]) -> Link:
    return Link(
        project_id=project_id,
        provider=provider,
        id=row.id,
        name=row.name,
        mode="live" if row.mode == "live" else "sandbox",
        auth_kind=row.auth_kind,
        origin=row.origin,
        config=json.loads(row.config),
        version=row.credential_version,
        fields=tuple(json.loads(row.credential_fields)),
        updated_at=row.updated_at,
    )


def check_destination(link: Link, adapter: Adapter, settings: Settings) -> None:
    """Raise `Conflict` where requests would go elsewhere than when the credential was entered.

    The operator or a newer adapter may have changed that; the credential was given for the place it was given for.
    """
    if link.version == 0:
        return
    try:
        origin = _places(adapter, link.config, settings) if has_destination(adapter) else ""
    except PowerstripError as error:
        raise Conflict(f"{link.name} has no destination any more: {error.message}", code="destination_changed") from None
    if origin != link.origin:
        raise Conflict(
            f"The credential of {link.name} was entered for {link.origin}, and its calls would go to {origin} now: "
            "enter the credential again to confirm the change",
            code="destination_changed",
        )


def destination(adapter: Adapter | None, config: Mapping[str, Any], settings: Settings) -> str:
    """Where an integration with these settings sends its requests; empty where there is no one place.

    Raises `BadInput` for an address that is none, or one that may not be called.
    """
    if adapter is None or not has_destination(adapter):
        return ""
    try:
        origin = _places(adapter, config, settings)
        if adapter.id in settings.provider_urls:
            return origin
        return " ".join(check_url(each, settings) for each in origin.split(" "))
    except PowerstripError as error:
        path = f"config.{adapter.base_url_field}" if adapter.base_url_field else "config"
        errors = [{"path": path, "message": error.message}]
        raise BadInput(f"The config is not valid: {path}: {error.message}", details={"errors": errors}) from None


def _places(adapter: Adapter, config: Mapping[str, Any], settings: Settings) -> str:
    """Where requests go, and after it where tokens are asked for, as far as the settings choose that: both get a secret."""
    origin = origin_of(adapter, config, settings)
    asked = {place for auth in adapter.auths if isinstance(auth, TokenAuth) for place in chosen_endpoints(auth, adapter, config)}
    return " ".join([origin, *sorted(asked)])


def has_destination(adapter: Adapter) -> bool:
    """False for the few providers that call nobody."""
    return bool(adapter.base_url or adapter.base_url_field or adapter.mail)


def _named(rows: Sequence[Row[Any]], title: str, reference: str) -> Row[Any]:
    key = name_key(reference)
    for row in (*(row for row in rows if row.id == reference), *(row for row in rows if row.name_key == key)):
        return row
    raise NotFound(f"There is no {title} integration of this id or name in this project")


def _choose(rows: Sequence[Row[Any]], title: str) -> Row[Any]:
    """The only one that is not switched off; where all are, the only one: its use will say why not.

    One whose credential ran out still counts: a call that named nobody must not go out by another account from then on.
    """
    usable = [row for row in rows if row.status != "inactive"] or rows
    if len(usable) == 1:
        return usable[0]
    if not usable:
        raise Conflict(
            f"No {title} integration is connected in this project: connect one with `powerstrip integrations create`",
            code="needs_setup",
        )
    names = [row.name for row in usable]
    shown = ", ".join(names[:10])
    raise Unprocessable(
        f"This project has {len(names)} {title} integrations: say which one with `integration`. There are: {shown}",
        code="ambiguous_integration",
        details={"integrations": names[:50]},
    )
