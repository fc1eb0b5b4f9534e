"""Keep why somebody left, if she cared to say."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leaving_reason",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("list_id", sa.Text(), nullable=True),
        sa.Column("campaign_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_leaving_reason")),
    )
    for column in ("contact_id", "campaign_id"):
        op.create_index(f"ix_leaving_reason_{column}", "leaving_reason", [column])


def downgrade() -> None:
    op.drop_table("leaving_reason")
