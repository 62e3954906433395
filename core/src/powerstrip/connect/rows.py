"""An integration's row: made, copied, changed. What it takes to keep one is in `keeping`."""

from sqlmodel import Session

from powerstrip.adapter import Account
from powerstrip.clock import stamp
from powerstrip.connect.drafts import Draft
from powerstrip.connect.values import Mode, NewIntegration
from powerstrip.names import name_key
from powerstrip.problems import Conflict
from powerstrip.store import Actor, Integration, Project, scope


def refuse_twin(session: Session, project_id: str, provider: str, name: str) -> None:
    """Raise `Conflict` where the provider has an integration of this name, or one that looks the same."""
    if twin_of(session, project_id, provider, name) is not None:
        raise Conflict(
            f"{provider} has an integration of this name, or one that looks the same, in this project: choose another name",
            code="name_taken",
        )


def twin_of(session: Session, project_id: str, provider: str, name: str) -> Integration | None:
    """The provider's integration of this name, or one that looks the same."""
    return scope(session, project_id).find(Integration, provider=provider, name_key=name_key(name))


def new_row(id: str, project: Project, actor: Actor, new: NewIntegration, mode: Mode, draft: Draft) -> Integration:
    """A row that is not stored yet."""
    row = Integration(id=id, project_id=project.id, provider=new.provider, name=draft.name, name_key="", mode=mode)
    row.created_by = actor.principal_id
    draft.onto(row)
    return row


def note_account(row: Integration, account: Account | None) -> None:
    """Keep whose credential it is and what it cannot do, where that was found out."""
    if account is not None:
        row.account_id, row.account_name, row.tested_at = account.id, account.name, stamp()
        row.unsupported = dict(account.unsupported)


def as_drafted(before: Integration, draft: Draft) -> Integration:
    """The integration as it would be, for a trial. It belongs to no session."""
    row = Integration(**before.model_dump())
    draft.onto(row)
    row.credential_fields = sorted(draft.credentials or {})
    return row


def copy_of(source: Integration, target: Project, actor: Actor, name: str) -> Integration:
    """A row like `source` in another project, without its credential. It belongs to no session."""
    row = Integration(project_id=target.id, provider=source.provider, name=name, name_key=name_key(name))
    row.mode = "sandbox" if "sandbox" in (target.mode, source.mode) else "live"
    row.created_by = actor.principal_id
    copy_onto(source, row)
    return row


def copy_onto(source: Integration, row: Integration) -> None:
    """Put onto a row what a copy takes along beside the credential: settings, destination, account and state."""
    row.status, row.status_reason = source.status, source.status_reason
    row.auth_kind, row.origin, row.config = source.auth_kind, source.origin, dict(source.config)
    row.account_id, row.account_name = source.account_id, source.account_name
    row.unsupported = dict(source.unsupported)
    row.expires_at = source.expires_at
    row.copied_from = source.id
