"""Keep the letters that programs ask for, with what they are sent with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transaction_letter",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("frozen_hash", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("data", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transaction_letter")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_transaction_letter_key_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_transaction_letter_hash", "transaction_letter", ["hash"])
    op.create_index("ix_transaction_letter_asked_at", "transaction_letter", ["asked_at"])


def downgrade() -> None:
    op.drop_table("transaction_letter")
