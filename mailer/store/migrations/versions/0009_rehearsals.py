"""Tell rehearsals from what goes to people; all that there was until now did."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for name in ("campaign", "delivery"):
        op.add_column(
            name,
            sa.Column("rehearsal", sa.Boolean(), nullable=False, server_default=sa.false()),
        )
