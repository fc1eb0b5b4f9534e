"""Tell the staff what happened to tickets."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("notify", "quiet"):
        op.add_column(
            "staff", sa.Column(name, sa.Text(), server_default="", nullable=False)
        )
    op.add_column("staff", sa.Column("notify_since", sa.BigInteger(), nullable=True))
    op.create_table(
        "staff_notice",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("news", sa.Text(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "staff_id", "ticket_id", "news", "mark", name=op.f("pk_staff_notice")
        ),
    )


def downgrade() -> None:
    op.drop_table("staff_notice")
    for name in ("notify_since", "quiet", "notify"):
        op.drop_column("staff", name)
