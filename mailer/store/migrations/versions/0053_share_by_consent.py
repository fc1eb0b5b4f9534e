"""Keep whose data partners were given, when and by whom."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sharing",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "shared_person",
        sa.Column("sharing_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("contact_id", sa.BigInteger(), primary_key=True, autoincrement=False),
    )
    op.create_index("ix_shared_person_contact_id", "shared_person", ["contact_id"])


def downgrade() -> None:
    op.drop_table("shared_person")
    op.drop_table("sharing")
