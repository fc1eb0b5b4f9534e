"""Hold quiet hours and sending days, and let the most important letter go first."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None

_VALUES = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("mailing_list", sa.Column("quiet", _VALUES, nullable=True))
    for name in ("campaign", "delivery"):
        number = sa.Column("priority", sa.Integer(), server_default="0", nullable=False)
        op.add_column(name, number)
    op.add_column("delivery", sa.Column("open_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("delivery", "open_until")
    op.drop_column("delivery", "priority")
    op.drop_column("campaign", "priority")
    op.drop_column("mailing_list", "quiet")
