"""Keep what comes back, and what we did about it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SQLITE = sa.Integer()


def upgrade() -> None:
    op.create_table(
        "incoming",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(_SQLITE, "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("sorted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming")),
        sa.UniqueConstraint("digest", name=op.f("uq_incoming_digest")),
    )
    with op.batch_alter_table("incoming", schema=None) as batch_op:
        batch_op.create_index(
            "ix_incoming_unsorted",
            ["id"],
            unique=False,
            sqlite_where=sa.text("sorted_at IS NULL"),
            postgresql_where=sa.text("sorted_at IS NULL"),
        )
    op.create_table(
        "verdict",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(_SQLITE, "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("incoming_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("incoming_id", name=op.f("uq_verdict_incoming_id")),
    )
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.create_index("ix_verdict_delivery_id", ["delivery_id"], unique=False)
        batch_op.create_index("ix_verdict_at", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("verdict")
    op.drop_table("incoming")
