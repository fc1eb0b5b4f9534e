"""Warm sending domains up: what each has sent on which day."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "warm_up_day",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claimed", sa.BigInteger(), nullable=False),
        sa.Column("back", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain", "day", name=op.f("pk_warm_up_day")),
    )


def downgrade() -> None:
    op.drop_table("warm_up_day")
