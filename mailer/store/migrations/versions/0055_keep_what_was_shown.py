"""Keep what each letter showed of its person."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("shown", sa.Text(), nullable=True))
    op.create_index(
        "ix_delivery_shown",
        "delivery",
        ["left_at"],
        sqlite_where=sa.text("shown IS NOT NULL"),
        postgresql_where=sa.text("shown IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_shown", "delivery")
    op.drop_column("delivery", "shown")
