"""Keep tickets, their conversations, and what was acknowledged."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0017"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def upgrade() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        _text("mailbox"),
        _text("state"),
        _text("kind"),
        _text("priority"),
        _text("subject"),
        _number("contact_id", null=True),
        _text("match"),
        _text("address"),
        _text("person"),
        _text("language"),
        _text("assignee"),
        _text("tags"),
        _number("opened_at"),
        _number("changed_at"),
        _number("first_due_at", null=True),
        _number("next_due_at", null=True),
        _number("solve_due_at", null=True),
        _number("due_at", null=True),
        _number("answered_at", null=True),
        _number("closed_at", null=True),
        _number("snoozed_until", null=True),
        _number("merged_into", null=True),
        _number("follows", null=True),
        _number("version"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_due_at", "ticket", ["state", "due_at", "id"])
    op.create_index("ix_ticket_match", "ticket", ["match"])
    op.create_index("ix_ticket_changed_at", "ticket", ["changed_at"])
    known = sa.text("contact_id IS NOT NULL")
    op.create_index(
        "ix_ticket_contact_id", "ticket", ["contact_id"],
        sqlite_where=known, postgresql_where=known,
    )  # fmt: skip
    _entries()
    _acknowledgements()


def _entries() -> None:
    op.create_table(
        "ticket_entry",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        _number("ticket_id"),
        _text("kind"),
        _number("at"),
        _text("author"),
        _text("subject"),
        _text("text"),
        _text("folded"),
        _number("incoming_id", null=True),
        _number("delivery_id", null=True),
        _text("message_id"),
        sa.Column(
            "envelope",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_entry")),
        sa.UniqueConstraint(
            "incoming_id", "kind", name=op.f("uq_ticket_entry_incoming_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_entry_ticket_id", "ticket_entry", ["ticket_id", "id"])
    left = sa.text("delivery_id IS NOT NULL")
    op.create_index(
        "ix_ticket_entry_delivery_id", "ticket_entry", ["delivery_id"],
        sqlite_where=left, postgresql_where=left,
    )  # fmt: skip
    named = sa.text("message_id <> ''")
    op.create_index(
        "ix_ticket_entry_message_id", "ticket_entry", ["message_id"],
        sqlite_where=named, postgresql_where=named,
    )  # fmt: skip


def _acknowledgements() -> None:
    op.create_table(
        "acknowledgement",
        sa.Column("incoming_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _number("ticket_id"),
        _text("mailbox"),
        _text("match"),
        _text("domain"),
        _text("subject"),
        sa.Column("said_hash", sa.LargeBinary(), nullable=False),
        _number("decided_at"),
        _number("delivery_id", null=True),
        _number("rule", null=True),
        _text("why"),
        sa.PrimaryKeyConstraint("incoming_id", name=op.f("pk_acknowledgement")),
    )
    for name in ("match", "domain", "mailbox"):
        op.create_index(
            f"ix_acknowledgement_{name}", "acknowledgement", [name, "decided_at"]
        )
    op.create_index("ix_acknowledgement_ticket_id", "acknowledgement", ["ticket_id"])


def downgrade() -> None:
    op.drop_table("acknowledgement")
    op.drop_table("ticket_entry")
    op.drop_table("ticket")
