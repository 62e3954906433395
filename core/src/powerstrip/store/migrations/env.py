"""Alembic's way in: the connection comes from the hub, so that a migration shares its transaction and its lock."""

from alembic import context
from sqlmodel import SQLModel

from powerstrip.store import tables  # noqa: F401 - fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
