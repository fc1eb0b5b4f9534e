"""Keep which topics people chose, and what campaigns are about."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "topic_choice",
        sa.Column("contact_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("list_id", sa.Text(), primary_key=True),
        sa.Column("topic", sa.Text(), primary_key=True),
        sa.Column("chosen_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "campaign_topic",
        sa.Column("campaign_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("topic", sa.Text(), primary_key=True),
    )


def downgrade() -> None:
    op.drop_table("campaign_topic")
    op.drop_table("topic_choice")
