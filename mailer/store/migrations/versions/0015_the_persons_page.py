"""Keep what people set themselves, and who asked for the page about herself."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "page_request",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("network_hash", sa.LargeBinary(), nullable=True),
        sa.Column("frozen_hash", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("open_by", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("session_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_request")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_page_request_contact_id", "page_request", ["contact_id"])
    op.create_index("ix_page_request_asked_at", "page_request", ["asked_at"])
    # Not in a batch: on SQLite that makes the table anew, and forgets its last number.
    values = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("contact", sa.Column("own", values, nullable=True))


def downgrade() -> None:
    op.drop_column("contact", "own")
    op.drop_table("page_request")
