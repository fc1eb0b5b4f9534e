"""Who left by the links of which campaign, found without reading the whole ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LEFT = sa.text("act = 'withdrawn'")


def upgrade() -> None:
    op.create_index(
        "ix_ledger_left", "ledger", ["source"], sqlite_where=_LEFT, postgresql_where=_LEFT
    )


def downgrade() -> None:
    op.drop_index("ix_ledger_left", "ledger")
