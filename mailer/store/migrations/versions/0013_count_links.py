"""Count how often links are followed, and who answers a letter."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_link",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "number", name=op.f("pk_campaign_link")),
    )
    op.create_table(
        "link_clicks",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hour_at", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("machines", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "campaign_id", "number", "hour_at", name=op.f("pk_link_clicks")
        ),
    )
    # Not in a batch: on SQLite that makes the table anew, and forgets its last number.
    op.add_column("incoming", sa.Column("answers_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_incoming_answers_id", "incoming", ["answers_id"],
        sqlite_where=sa.text("answers_id IS NOT NULL"),
        postgresql_where=sa.text("answers_id IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_incoming_answers_id", "incoming")
    op.drop_column("incoming", "answers_id")
    op.drop_table("link_clicks")
    op.drop_table("campaign_link")
