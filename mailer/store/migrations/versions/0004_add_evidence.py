"""Evidence of the person's own row beside what was declared about a whole import."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger", sa.Column("evidence", sa.Text(), nullable=True))
    for name in ("consent_at", "confirmed_at", "purchase_at"):
        op.add_column("ledger", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in ("evidence", "consent_at", "confirmed_at", "purchase_at"):
        op.drop_column("ledger", name)
