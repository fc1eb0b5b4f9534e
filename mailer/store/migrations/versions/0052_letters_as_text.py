"""Keep who wants letters as text alone."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plain_text",
        sa.Column("contact_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("chosen_at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("plain_text")
