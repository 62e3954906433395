"""Alembic's way in: the connection comes from the hub, so that a migration shares its transaction and its lock."""

from alembic import context

from powerstrip.store.tables import every_table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=every_table(),
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
