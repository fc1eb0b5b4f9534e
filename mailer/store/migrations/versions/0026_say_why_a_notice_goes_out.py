"""Keep why a notice goes to everybody."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("notice_reason", sa.Text(), server_default="", nullable=False)
    op.add_column("campaign", column)


def downgrade() -> None:
    op.drop_column("campaign", "notice_reason")
