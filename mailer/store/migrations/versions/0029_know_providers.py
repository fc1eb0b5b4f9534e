"""Know each recipient's mailbox provider, and how providers are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0029"
down_revision = "0026"
branch_labels = None
depends_on = None

_INDEX = "ix_delivery_due_campaign"
_WAITS = sa.text("state = 'queued' AND cause_kind = 'campaign'")


def upgrade() -> None:
    op.create_table(
        "mail_domain",
        sa.Column("domain", sa.Text(), primary_key=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
    )
    op.create_index("ix_mail_domain_expires_at", "mail_domain", ["expires_at"])
    op.create_table(
        "provider_state",
        sa.Column("provider", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    )
    column = sa.Column("provider", sa.Text(), server_default="other", nullable=False)
    op.add_column("delivery", column)
    op.drop_index(_INDEX, table_name="delivery")
    _index("cause_id", "provider", "due_at", "id")


def downgrade() -> None:
    op.drop_index(_INDEX, table_name="delivery")
    _index("cause_id", "due_at", "id")
    op.drop_column("delivery", "provider")
    op.drop_table("provider_state")
    op.drop_table("mail_domain")


def _index(*columns: str) -> None:
    op.create_index(
        _INDEX, "delivery", list(columns), sqlite_where=_WAITS, postgresql_where=_WAITS
    )
