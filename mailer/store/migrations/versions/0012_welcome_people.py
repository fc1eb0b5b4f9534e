"""Keep what lists welcome people with."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "welcome",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("frozen_hash", sa.Text(), nullable=False),
        sa.Column("delay_s", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_welcome")),
        sa.UniqueConstraint("frozen_hash", "delay_s", name=op.f("uq_welcome_frozen_hash")),
    )
    # Not in a batch: on SQLite that makes the table anew, and forgets its last number.
    op.add_column("sign_up", sa.Column("welcome_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("sign_up", "welcome_id")
    op.drop_table("welcome")
