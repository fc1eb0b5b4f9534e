"""How far mailboxes were read is on record, and whether they can be."""

from datetime import UTC, date, datetime, timedelta

from mailer.errors import MailboxError
from mailer.jobs.fetching import trouble_alarm
from mailer.model.mailbox import Cursor
from mailer.store import mailboxes
from mailer.store.database import Database

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
A_DAY = date(2026, 11, 19)
AN_HOUR = timedelta(hours=1)


def test_a_cursor_holds_for_what_it_was_made_for(database: Database) -> None:
    cursor = Cursor(7, 12, (3, 9))
    with database.write() as connection:
        assert mailboxes.begin(connection, "a", "imap x", A_DAY) == (None, A_DAY)
        mailboxes.move(connection, "a", cursor)
        later = A_DAY + timedelta(days=90)
        assert mailboxes.begin(connection, "a", "imap x", later) == (cursor, A_DAY)
        assert mailboxes.begin(connection, "b", "imap x", later) == (None, later)
        # Another server under the same name: nothing of it was read yet.
        assert mailboxes.begin(connection, "a", "imap y", later) == (None, later)


def test_trouble_is_on_record_since_it_began_until_it_ends(database: Database) -> None:
    with database.write() as connection:
        assert mailboxes.note_trouble(connection, "a", "no line", NOW) == NOW
        assert mailboxes.note_trouble(connection, "a", "still", NOW + AN_HOUR) == NOW
        (seen,) = mailboxes.seen(connection)
        assert (seen.problem, seen.problem_at, seen.read_at) == ("still", NOW, None)
        mailboxes.begin(connection, "a", "imap x", A_DAY)
        mailboxes.note_well(connection, "a", NOW + AN_HOUR)
        (seen,) = mailboxes.seen(connection)
        assert (seen.problem, seen.problem_at) == ("", None)
        assert seen.read_at == NOW + AN_HOUR


def test_a_refused_login_is_told_at_once_and_other_trouble_when_it_lasts() -> None:
    login = MailboxError("login: no", login=True)
    line = MailboxError("connecting: no answer in time")
    told = trouble_alarm("support", login, NOW, NOW)
    assert told is not None
    assert told.kind == "mailbox_login"
    assert trouble_alarm("support", line, NOW, NOW + timedelta(minutes=9)) is None
    told = trouble_alarm("support", line, NOW, NOW + timedelta(minutes=11))
    assert told is not None
    assert "can't be read since 2026-11-26 12:00 UTC" in told.happened
