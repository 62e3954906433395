"""What jobs, worker sessions and a project's own actions need beside: a step's attempt, times, versions of secrets."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("job") as job:
        job.add_column(sa.Column("step_path", sa.String(length=400), nullable=True))
        job.add_column(sa.Column("step_attempt", sa.Integer(), nullable=True))
        job.add_column(sa.Column("attempt_seconds", sa.Integer(), nullable=False, server_default="300"))
        job.add_column(sa.Column("cancel_reason", sa.String(), nullable=True))
        job.add_column(sa.Column("claimed_at", sa.String(), nullable=True))
        job.add_column(sa.Column("heartbeat_at", sa.String(), nullable=True))
        job.create_index("ix_job_attempt", ["step_id", "step_attempt"], unique=True)
    with op.batch_alter_table("worker_session") as session:
        session.add_column(sa.Column("token_hash", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("own_action") as action:
        action.add_column(sa.Column("secret_version", sa.Integer(), nullable=False, server_default="0"))
    _forget_defaults()


def _forget_defaults() -> None:
    """From here on the hub itself gives every value."""
    for table, column in (("job", "attempt_seconds"), ("worker_session", "token_hash"), ("own_action", "secret_version")):
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column, server_default=None)
