"""Handles: what stands for an integration in the names of its own actions. Definitions go along with copies."""

import re
import unicodedata

from sqlmodel import Session, col

from powerstrip.store import Actor, Definition, Integration, scope

MAX_HANDLE = 40
TAKEN = frozenset({"request"})
"""Words with which declared actions begin."""


def free_handle(session: Session, row: Integration) -> str:
    """The integration's name as a word of action names, another where it is taken in its project."""
    rows: list[Definition] = scope(session, row.project_id).all(Definition, col(Definition.integration_id) != row.id)
    taken = TAKEN | {each.handle for each in rows}
    plain = unicodedata.normalize("NFKD", row.name).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: MAX_HANDLE - 6].strip("_") or "api"
    word = word if word[0].isalpha() else f"api_{word}"
    free = (f"{word}_{number}" if number else word for number in (0, *range(2, 100_000)))
    return next(each for each in free if each not in taken)


def copy_definition(session: Session, source: Integration, row: Integration, actor: Actor) -> None:
    """Give a copy the newest definition of what it was copied from, as its next version."""
    theirs: list[Definition] = scope(session, source.project_id).all(
        Definition, col(Definition.integration_id) == source.id, order="version"
    )
    if not theirs:
        return
    project = scope(session, row.project_id)
    own: list[Definition] = project.all(Definition, col(Definition.integration_id) == row.id, order="version")
    facts = theirs[-1].model_dump(exclude={"id", "created_at"})
    facts |= {
        "project_id": row.project_id,
        "integration_id": row.id,
        "handle": own[-1].handle if own else free_handle(session, row),
        "version": own[-1].version + 1 if own else 1,
        "created_by": actor.principal_id,
    }
    project.add(Definition(**facts))
