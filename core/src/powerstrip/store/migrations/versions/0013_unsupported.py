"""Actions that an integration's account or server said it cannot do."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("integration", sa.Column("unsupported", sa.Text(), nullable=False, server_default="{}"))
    with op.batch_alter_table("integration") as table:
        table.alter_column("unsupported", server_default=None)
