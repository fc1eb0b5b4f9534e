"""Keep by what a provider's event was signed, so that it counts for one event only."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hook_once",
        sa.Column("digest", sa.LargeBinary(), primary_key=True),
        sa.Column("event_digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_hook_once_at", "hook_once", ["at"])


def downgrade() -> None:
    op.drop_table("hook_once")
