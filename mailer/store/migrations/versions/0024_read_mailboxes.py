"""Read mailboxes; verdicts without a message, undone verdicts, holds that wait."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailbox",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column(
            "missed",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("problem_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailbox")),
    )
    with op.batch_alter_table("incoming", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mailbox", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("holds_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("decided_at", sa.BigInteger(), nullable=True))
        batch_op.create_index(
            "ix_incoming_holds_id",
            ["holds_id"],
            unique=False,
            sqlite_where=sa.text("holds_id IS NOT NULL"),
            postgresql_where=sa.text("holds_id IS NOT NULL"),
        )
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.alter_column("incoming_id", existing_type=sa.BigInteger(), nullable=True)
        batch_op.add_column(sa.Column("undone_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.drop_column("undone_at")
        batch_op.alter_column("incoming_id", existing_type=sa.BigInteger(), nullable=False)
    with op.batch_alter_table("incoming", schema=None) as batch_op:
        batch_op.drop_index("ix_incoming_holds_id")
        batch_op.drop_column("decided_at")
        batch_op.drop_column("holds_id")
        batch_op.drop_column("mailbox")
    op.drop_table("mailbox")
