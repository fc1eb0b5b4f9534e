"""What was said before there was an index of words is put into it, and taken out again."""

from mailer.store import ticketsearch
from mailer.store.database import Database

_TOGETHER = 20


def read_entries(database: Database) -> int:
    """Put into the index what is not in it yet, in slices; return how many entries.

    It may be ended at any moment, and goes on the next time.
    """
    read = 0
    while True:
        with database.write() as connection:
            slice_read = ticketsearch.read_entries(connection, _TOGETHER)
        if not slice_read:
            return read
        read += slice_read


def purge(database: Database) -> None:
    """Take what is in no entry any more out of the index's own tables, in slices."""
    while True:
        with database.write() as connection:
            if not ticketsearch.purge(connection):
                return
