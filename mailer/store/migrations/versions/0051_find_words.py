"""Find words in what was said, by an index of each database's own.

What stands there already is filled in by the daemon, in slices; until then it is looked
through as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0046"
branch_labels = None
depends_on = None

# The words are told apart by us: between them stand spaces, and nothing else.
_TABLE = """
    CREATE VIRTUAL TABLE ticket_entry_index USING fts5 (
        words, content='ticket_entry', content_rowid='id', detail='none', columnsize=0,
        tokenize="ascii tokenchars '@._+-'"
    )
"""
_PUT = """
    INSERT INTO ticket_entry_index (rowid, words)
    SELECT new.id, new.words WHERE new.words IS NOT NULL;
"""
_TAKEN = """
    INSERT INTO ticket_entry_index (ticket_entry_index, rowid, words)
    SELECT 'delete', old.id, old.words WHERE old.words IS NOT NULL;
"""
_TRIGGERS = {
    "put": f"AFTER INSERT ON ticket_entry BEGIN {_PUT} END",
    "taken": f"AFTER DELETE ON ticket_entry BEGIN {_TAKEN} END",
    "changed": f"AFTER UPDATE OF words ON ticket_entry BEGIN {_TAKEN} {_PUT} END",
}
_POSTGRESQL = (
    "CREATE INDEX ticket_entry_index ON ticket_entry"
    " USING gin (array_to_tsvector(string_to_array(words, ' ')))"
)


def upgrade() -> None:
    op.add_column("ticket_entry", sa.Column("words", sa.Text(), nullable=True))
    unread = sa.text("words IS NULL")
    op.create_index(
        "ix_ticket_entry_unread", "ticket_entry", ["id"],
        sqlite_where=unread, postgresql_where=unread,
    )  # fmt: skip
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_TABLE)
        for name, does in _TRIGGERS.items():
            op.execute(f"CREATE TRIGGER ticket_entry_{name} {does}")
    else:
        op.execute(_POSTGRESQL)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _TRIGGERS:
            op.execute(f"DROP TRIGGER ticket_entry_{name}")
        op.execute("DROP TABLE ticket_entry_index")
    else:
        op.execute("DROP INDEX ticket_entry_index")
    op.drop_index("ix_ticket_entry_unread", "ticket_entry")
    op.drop_column("ticket_entry", "words")
