"""Project secrets, versions of credentials, key rotations."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _wrappings()
    _secrets()
    with op.batch_alter_table("credential") as table:
        table.add_column(sa.Column("account_id", sa.String(), nullable=True))
        table.add_column(sa.Column("account_name", sa.String(), nullable=True))


def _wrappings() -> None:
    """A data key may have several wrappings, and may belong to the hub itself."""
    op.create_table(
        "key_wrap",
        sa.Column("data_key_id", sa.String(length=40), nullable=False),
        sa.Column("master_key_id", sa.String(length=40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("data_key_id", "master_key_id"),
    )
    op.execute("INSERT INTO key_wrap (data_key_id, master_key_id, wrapped) SELECT id, master_key_id, wrapped FROM data_key")
    with op.batch_alter_table("data_key") as table:
        table.drop_column("wrapped")
        table.drop_column("master_key_id")
        table.alter_column("project_id", existing_type=sa.String(length=40), nullable=True)
    with op.batch_alter_table("key_wrap") as table:
        table.create_foreign_key("fk_key_wrap_data_key", "data_key", ["data_key_id"], ["id"], ondelete="CASCADE")


def _secrets() -> None:
    op.create_table(
        "secret",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(length=400), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_names", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("updated_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("updated_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "name_key"),
    )
    op.create_index("ix_secret_project_id", "secret", ["project_id"], unique=False)
    op.create_table(
        "secret_version",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("secret_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("data_key_id", sa.String(length=40), nullable=True),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("destroyed_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"]),
        sa.ForeignKeyConstraint(["secret_id"], ["secret.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_id", "version"),
    )
    op.create_index("ix_secret_version_project_id", "secret_version", ["project_id"], unique=False)
    op.create_index("ix_secret_version_secret_id", "secret_version", ["secret_id"], unique=False)
