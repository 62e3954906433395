"""What an integration is going to be: everything checked that can be checked without the database and without the provider."""

from collections.abc import Mapping
from typing import Any

from powerstrip.adapter import Adapter, Auth, NoAuth
from powerstrip.catalog import Catalog
from powerstrip.connect.binding import destination
from powerstrip.connect.forms import (
    check_provider,
    choose_auth,
    read_config,
    read_credentials,
    read_unknown_credentials,
)
from powerstrip.connect.values import IntegrationChanges, Mode, NewIntegration
from powerstrip.names import clean_name, name_key
from powerstrip.problems import BadInput, Conflict, Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import Integration, Project
from powerstrip.value import Hidden, Value

BARE = "It was imported without its credential: enter it"
DROPPED = "Its calls go to another destination now, so the credential was removed: enter it again"


class Draft(Value):
    """The checked fields of an integration. `credentials` None keeps what there is, `drops` removes it."""

    name: str
    config: dict[str, Any]
    auth_kind: str
    origin: str
    status: str
    status_reason: str = ""
    credentials: Hidden[dict[str, str] | None] = None
    drops: bool = False

    def onto(self, row: Integration) -> None:
        """Put the plain fields onto a row. The credential is the vault's to store."""
        row.name, row.name_key = self.name, name_key(self.name)
        if self.origin != row.origin:
            row.unsupported = {}  # another server: what the one before said is not about it
        row.config, row.auth_kind, row.origin = self.config, self.auth_kind, self.origin
        row.status, row.status_reason = self.status, self.status_reason


class Drafter:
    """Judges what people ask for against the provider's adapter."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings

    def adapter(self, provider: str) -> Adapter | None:
        """The provider's adapter, None where none is installed. Raises `Unprocessable` for one that cannot be loaded."""
        return self._catalog.adapter(provider) if self._catalog.has(provider) else None

    def new(self, project: Project, new: NewIntegration) -> tuple[Draft, Mode]:
        """A new integration's fields and its mode."""
        name, mode = clean_name(new.name), _mode(project, new.mode)
        adapter = self.adapter(check_provider(new.provider))
        if adapter is None:
            return self._unknown(name, new), mode
        if adapter.built_in:
            raise Unprocessable(f"{adapter.title} is built in: call its actions, it needs no integration", code="built_in")
        auth = choose_auth(adapter, new.credentials, new.auth_kind)
        config = read_config(adapter, new.config)
        return (
            Draft(
                name=name,
                config=config,
                auth_kind=auth.kind,
                origin=destination(adapter, config, self._settings),
                status="active",
                credentials=_first_credentials(auth, new.credentials, config, mode),
            ),
            mode,
        )

    def imported(self, project: Project, new: NewIntegration) -> tuple[Draft, Mode]:
        """The same for one that comes without its credential, where that is None: it waits for it as an expired one."""
        if new.credentials is not None or new.mode == "sandbox":
            return self.new(project, new)
        adapter = self.adapter(check_provider(new.provider))
        if adapter is None or adapter.built_in:
            return self.new(project, new)
        auth, config = choose_auth(adapter, None, new.auth_kind), read_config(adapter, new.config)
        bare = isinstance(auth, NoAuth)
        status, reason = ("active", "") if bare else ("expired", BARE)
        origin = destination(adapter, config, self._settings)
        return Draft(clean_name(new.name), config, auth.kind, origin, status, reason), _mode(project, new.mode)

    def changed(self, row: Integration, changes: IntegrationChanges) -> Draft:
        """The fields of an integration once these changes are made."""
        adapter = self.adapter(row.provider)
        config = row.config if changes.config is None else read_config(adapter, changes.config)
        moved = changes.config is not None or changes.credentials is not None
        origin = destination(adapter, config, self._settings) if moved else row.origin
        auth_kind, credentials = row.auth_kind, None
        if changes.credentials is not None:
            auth_kind, credentials = self.credentials(adapter, row, changes.credentials, config)
        drops = credentials is None and row.credential_version > 0 and origin != row.origin
        status, reason = _next_status(row, changes, fresh=credentials is not None, drops=drops)
        name = row.name if changes.name is None else clean_name(changes.name)
        return Draft(name, config, auth_kind, origin, status, reason, credentials, drops)

    def credentials(
        self, adapter: Adapter | None, row: Integration, given: Mapping[str, Any], config: Mapping[str, Any]
    ) -> tuple[str, dict[str, str]]:
        """The auth kind and the checked fields of credentials that are to replace those of `row`."""
        if adapter is None:
            return row.auth_kind, read_unknown_credentials(given)
        auth = choose_auth(adapter, given, None, row.auth_kind)
        return auth.kind, read_credentials(auth, given, config)

    def _unknown(self, name: str, new: NewIntegration) -> Draft:
        """A provider without an adapter: kept as it is."""
        credentials = read_unknown_credentials(new.credentials) if new.credentials else None
        return Draft(name, read_config(None, new.config), new.auth_kind or "", "", "active", credentials=credentials)


def _mode(project: Project, asked: Mode | None) -> Mode:
    if project.mode != "sandbox":
        return asked or "live"
    if asked == "live":
        raise Unprocessable("This is a sandbox project: its integrations are sandboxes too", code="sandbox_project")
    return "sandbox"


def _first_credentials(
    auth: Auth, given: Mapping[str, Any] | None, config: Mapping[str, Any], mode: Mode
) -> dict[str, str] | None:
    """Credentials of a new integration. A sandbox needs none: it never opens them."""
    if isinstance(auth, NoAuth) and not given:
        return None
    if given is None and mode == "sandbox":
        return None
    return read_credentials(auth, given or {}, config)


def _next_status(row: Integration, changes: IntegrationChanges, *, fresh: bool, drops: bool) -> tuple[str, str]:
    """The status after a change, and why. `fresh`: the credential is replaced; `drops`: it is removed.

    active ⇄ inactive at will; expired is set by the hub alone and left by another credential.
    """
    asked = changes.status
    if asked not in (None, "active", "inactive"):
        message = "Give active or inactive; expired is set by the hub"
        raise BadInput(f"The status is not valid. {message}", details={"errors": [{"path": "status", "message": message}]})
    if drops:
        return "expired", DROPPED
    if row.status == "expired" and not fresh:
        if asked is not None:
            raise Conflict("The credential has expired: give another one in the same request", code="integration_expired")
        return row.status, row.status_reason
    if row.status == "expired":
        return asked or "active", ""
    return asked or row.status, ""
