"""Keep what else somebody agreed to when she signed up, and of which list a click was."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sign_up",
        sa.Column("also", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
    )
    op.add_column("event", sa.Column("list_id", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("event", "list_id")
    op.drop_column("sign_up", "also")
