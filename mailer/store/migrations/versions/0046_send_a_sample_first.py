"""Send a sample of a campaign first, and look at it before the rest leaves."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0043"
branch_labels = None
depends_on = None

_OPEN = sa.text("passed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "canary",
        sa.Column("campaign_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("wait_s", sa.Float(), nullable=False),
        sa.Column("letters", sa.BigInteger(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("passed_at", sa.BigInteger(), nullable=True),
        sa.Column("found", sa.Text(), server_default="", nullable=False),
    )
    op.create_index(
        "ix_canary_open",
        "canary",
        ["campaign_id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "canary_letter",
        sa.Column("campaign_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("delivery_id", sa.BigInteger(), primary_key=True, autoincrement=False),
    )


def downgrade() -> None:
    op.drop_table("canary_letter")
    op.drop_table("canary")
