"""Count what is written on pages, and keep whether people were helped."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_message",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("network_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_message")),
    )
    op.create_index("ix_form_message_at", "form_message", ["at"])
    op.add_column("ticket", sa.Column("helped", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("helped_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("ticket", "helped_at")
    op.drop_column("ticket", "helped")
    op.drop_table("form_message")
