"""Mail is read from a real Dovecot: nothing there changes, nothing is lost."""

import threading
import time
from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from dovecot import PASSWORD, Dovecot, dovecot, token
from imapclient import IMAPClient
from journey.program import until
from protocol.certificates import Authority
from reading import full_disk, kept, look, message, reader

from mailer.errors import DatabaseError, MailboxError, WorkspaceError
from mailer.model.imap import ImapAddress, ImapTls
from mailer.store import mailboxes
from mailer.store.database import Database
from mailer.wire.imap_box import ImapBox

A_DAY = date(2026, 1, 1)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("authority"))
    made.server()
    return made


@pytest.fixture(scope="module")
def server(authority: Authority) -> Generator[Dovecot, None, None]:
    (certificate,) = authority.folder.glob("*127.0.0.1*.pem")
    with dovecot(certificate) as running:
        yield running


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    return f"u{abs(hash(request.node.name)) % 10**9}"


def box_of(server: Dovecot, user: str, **facts: object) -> ImapBox:
    plain = {
        "host": "127.0.0.1", "port": server.port, "user": user, "password": PASSWORD,
        "tls": ImapTls.NONE, "timeout_s": 10.0,
    }  # fmt: skip
    return ImapBox(ImapAddress(**{**plain, **facts}), 1_000_000)


def owners_line(server: Dovecot, user: str) -> IMAPClient:
    line = IMAPClient("127.0.0.1", server.port, ssl=False, timeout=10)
    line.login(user, PASSWORD)
    return line


@on_sqlite
def test_what_is_new_is_kept_once_and_nothing_is_marked_or_moved(
    database: Database, server: Dovecot, user: str
) -> None:
    server.put(user, message(1), message(2))
    one = reader(database, box_of(server, user))
    assert look(one) == 2
    assert look(one) == 0
    server.put(user, message(3))
    assert look(one) == 1
    assert kept(database) == [message(1), message(2), message(3)]
    with owners_line(server, user) as owner:
        owner.select_folder("INBOX")
        flags = owner.get_flags(owner.search())
    assert {flag for some in flags.values() for flag in some} <= {b"\\Recent"}
    assert len(flags) == 3


@on_sqlite
def test_a_mailbox_says_by_idle_that_something_came(
    database: Database, server: Dovecot, user: str
) -> None:
    server.put(user)
    one, stop = reader(database, box_of(server, user), poll_s=3600), threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    try:
        until(lambda: _read_at(database), "the mailbox is read")
        server.put(user, message(1))
        until(lambda: kept(database) == [message(1)], "it is heard of")
        # A line that breaks is opened again.
        server.drop_lines()
        server.put(user, message(2))
        until(lambda: len(kept(database)) == 2, "it is read on")
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def _read_at(database: Database) -> object:
    with database.read() as connection:
        return [one.read_at for one in mailboxes.seen(connection) if one.read_at]


@on_sqlite
@pytest.mark.parametrize("tls", [ImapTls.IMPLICIT, ImapTls.REQUIRED])
def test_the_line_is_encrypted_and_the_certificate_is_looked_at(
    database: Database,
    server: Dovecot,
    user: str,
    authority: Authority,
    tls: ImapTls,
    tmp_path: Path,
) -> None:
    server.put(user, message(1))
    port = server.tls_port if tls is ImapTls.IMPLICIT else server.port
    trusted = {"tls": tls, "port": port, "certificate_file": str(authority.file)}
    assert look(reader(database, box_of(server, user, **trusted))) == 1
    other = Authority(tmp_path, "Another")
    with pytest.raises(MailboxError, match="certificate verify failed") as problem:
        box_of(server, user, **{**trusted, "certificate_file": str(other.file)}).open()
    assert not problem.value.login


def test_a_token_is_asked_for_at_each_login_and_never_shown(
    database: Database, server: Dovecot, user: str
) -> None:
    server.put(user, message(1))
    good, old = (token(user, until=time.time() + seconds) for seconds in (3600, -30))
    given = iter([good, old, token("another", until=time.time() + 3600), "nonsense"])
    box = box_of(server, user, password="", token=lambda: next(given))
    assert look(reader(database, box)) == 1
    for _ in range(3):
        with pytest.raises(MailboxError, match="login: ") as problem:
            box.open()
        assert problem.value.login
        for secret in (good, old, "nonsense"):
            assert secret not in f"{problem.value!r} {problem.value.__cause__!r}"
    assert good not in repr(box)


def test_a_login_by_xoauth2_where_a_server_has_nothing_newer(
    server: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(user, message(1))
    # What Google and Microsoft offer; this server has both.
    has = IMAPClient.has_capability
    hidden = "AUTH=OAUTHBEARER"
    monkeypatch.setattr(
        IMAPClient, "has_capability", lambda self, name: name != hidden and has(self, name)
    )
    box = box_of(server, user, token=lambda: token(user, until=time.time() + 3600))
    box.open()
    assert box.check() == 1
    box.close()


def test_a_token_that_there_is_none_of_is_told_as_a_login_s_trouble(
    server: Dovecot, user: str
) -> None:
    def none() -> str:
        raise WorkspaceError("token.sh ended with status 1")

    with pytest.raises(MailboxError, match=r"no access token: token.sh ended") as problem:
        box_of(server, user, token=none).open()
    assert problem.value.login


def test_a_wrong_password_is_told_as_such(server: Dovecot, user: str) -> None:
    with pytest.raises(MailboxError, match=r"login: .*AUTHENTICATIONFAILED") as problem:
        box_of(server, user, password="wrong").open()
    assert problem.value.login
    assert "wrong" not in str(problem.value)
    box = box_of(server, user, folder="Nowhere")
    box.open()
    with pytest.raises(MailboxError, match="opening Nowhere: ") as problem:
        box.check()
    box.close()
    assert not problem.value.login


@on_sqlite
def test_after_a_reset_of_uidvalidity_all_is_read_again_and_nothing_kept_twice(
    database: Database, server: Dovecot, user: str
) -> None:
    server.put(user, message(1), message(2))
    one = reader(database, box_of(server, user))
    assert look(one) == 2
    with database.write() as connection:
        row, _ = mailboxes.begin(connection, "support", one.box.source, A_DAY)
    server.forget_numbers(user)
    server.put(user, message(3))
    look(one)
    assert sorted(kept(database)) == [message(1), message(2), message(3)]
    with database.write() as connection:
        now, _ = mailboxes.begin(connection, "support", one.box.source, A_DAY)
    assert row is not None
    assert now is not None
    assert now.uidvalidity == 12345 != row.uidvalidity


@on_sqlite
def test_of_old_mail_only_some_days_are_read(
    database: Database, server: Dovecot, user: str
) -> None:
    with owners_line(server, user) as owner:
        for number, days in ((1, 40), (2, 10), (3, 1)):
            owner.append(
                "INBOX", message(number), (), datetime.now(UTC) - timedelta(days=days)
            )
    assert look(reader(database, box_of(server, user), old_days=7)) == 1
    assert kept(database) == [message(3)]


@on_sqlite
def test_of_a_mailbox_without_new_mail_only_what_comes_from_now_on_is_read(
    database: Database, server: Dovecot, user: str
) -> None:
    with owners_line(server, user) as owner:
        owner.append("INBOX", message(1), (), datetime.now(UTC) - timedelta(days=40))
    one = reader(database, box_of(server, user))
    assert look(one) == 0
    server.put(user, message(2))
    assert look(one) == 1


@on_sqlite
def test_what_is_too_long_is_kept_in_part_and_told(
    database: Database, server: Dovecot, user: str
) -> None:
    long = message(1, "x" * 70 + "\r\n" + "y\r\n" * 500_000)
    server.put(user, long, message(2))
    assert look(reader(database, box_of(server, user))) == 2
    first, second = kept(database)
    assert first.startswith(b"X-Cut-Short: the beginning of ")
    assert b"\r\nFrom: a@example.com\r\nSubject: 1\r\n" in first
    assert len(first) < 70_000
    assert second == message(2)


@on_sqlite
def test_what_can_not_be_kept_stays_and_is_read_when_there_is_room(
    database: Database, server: Dovecot, user: str
) -> None:
    one = reader(database, box_of(server, user))
    server.put(user)
    look(one)
    server.put(user, *(message(number, "x" * 50_000) for number in range(4)))
    with full_disk(database), pytest.raises(DatabaseError, match="full"):
        look(one)
    assert kept(database) == []
    assert look(one) == 4
    assert len(kept(database)) == 4
