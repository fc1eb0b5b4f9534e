"""Choose people: several lists, limits, spreads and own clocks."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NUMBERS = ("spread_s", "people_limit", "drawn_up_to", "follows")
_WORDS = ("wall_clock", "fallback_zone")


def upgrade() -> None:
    for name in _NUMBERS:
        op.add_column("campaign", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in _WORDS:
        op.add_column("campaign", sa.Column(name, sa.Text(), nullable=True))
    op.create_table(
        "campaign_list",
        sa.Column("campaign_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("list_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "list_id", name=op.f("pk_campaign_list")),
    )
    op.create_index("ix_campaign_list_list_id", "campaign_list", ["list_id"])


def downgrade() -> None:
    op.drop_index("ix_campaign_list_list_id", "campaign_list")
    op.drop_table("campaign_list")
    for name in (*_NUMBERS, *_WORDS):
        op.drop_column("campaign", name)
