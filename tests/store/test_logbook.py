"""The logbook of noes: on disk before anybody is told, and nothing in it ever lost."""

import errno
import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from people import NEWS, NOW, People

from mailer.errors import WorkspaceError
from mailer.jobs import logbook as jobs
from mailer.jobs.contacts import show_contact
from mailer.jobs.logbook import Logbook, say_no
from mailer.jobs.replay import catch_up, tend
from mailer.jobs.requests import Request, record
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.consent import Act, How, SubscriptionStatus, SuppressionReason
from mailer.model.key import Key, KeyRing, Purpose
from mailer.model.no import No, NoAct
from mailer.model.suppression import Suppression
from mailer.model.token import Reader
from mailer.store.alarms import open_alarms
from mailer.store.suppressions import lift, suppress, suppressions_of

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def people(database, ring, tmp_path):
    made = People(database, ring, tmp_path)
    made.run(made.file("email", "kari@example.com", "ola@example.com"), mailing_list=NEWS)
    return made


def leave(people, contact_id=1):
    reader = Reader(contact_id, 1, 0)
    return unsubscribe(people.database, people.logbook, reader, How.ONE_CLICK, NOW)


def noes(logbook):
    return [line.no for line in logbook.lines() if line.no is not None]


def a_no(ring, address="kari@example.com", act=NoAct.WITHDRAWN, scope="list:news"):
    hashed = ring.suppression_hash(address)
    return No(act, hashed, scope, SuppressionReason.UNSUBSCRIBED, NOW, How.ONE_CLICK)


def standing(people, address="kari@example.com"):
    (one,) = show_contact(people.database, people.ring, address).memberships
    return one.subscription


def caught_up(people, **how):
    return catch_up(people.database, people.logbook, NOW, **how)


def full(monkeypatch):
    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", no_room)


def test_a_no_is_a_line_that_says_who_only_by_a_keyed_hash(people, ring):
    assert leave(people).changed
    assert noes(people.logbook) == [a_no(ring)]
    text = Path(people.logbook.file).read_text(encoding="ascii")
    assert "kari" not in text
    assert "example.com" not in text
    assert Path(people.logbook.file).stat().st_mode & 0o077 == 0


def test_leaving_twice_writes_one_line(people):
    assert leave(people).changed
    assert not leave(people).changed
    assert len(noes(people.logbook)) == 1


@pytest.mark.parametrize("act", [Act.WITHDRAWN, Act.OBJECTED])
@pytest.mark.parametrize("address", ["kari@example.com", "stranger@example.com"])
def test_a_no_by_phone_is_a_line_too(people, ring, act, address):
    request = Request(address, act, None, "phone", "Ola")
    record(people.database, people.logbook, request, NOW)
    (no,) = noes(people.logbook)
    assert (no.act.value, no.hash) == (act.value, ring.suppression_hash(address))
    assert (no.scope, no.how) == ("marketing", How.SUPPORT)


def test_a_no_of_which_only_the_line_was_written_is_in_force_after_the_next_start(
    people, ring
):
    # As after kill -9 between the two: nobody was answered, and yet it must win.
    people.logbook.note([a_no(ring)])
    assert standing(people).status is SubscriptionStatus.SUBSCRIBED
    done = tend(people.database, people.logbook, NOW)
    assert done is not None
    assert (done.read, done.applied) == (1, 1)
    assert standing(people).status is SubscriptionStatus.UNSUBSCRIBED
    assert people.problems() == []
    assert caught_up(people).read == 0


def test_what_is_committed_already_is_not_written_again(people):
    leave(people)
    number = standing(people).ledger_number
    assert caught_up(people).applied == 0
    assert standing(people).ledger_number == number


def test_a_line_that_somebody_may_be_about_to_commit_is_left_alone_for_a_while(
    people, ring
):
    people.logbook.note([a_no(ring)])
    assert caught_up(people, older_than=A_MINUTE).read == 0
    later = NOW + A_MINUTE
    done = catch_up(people.database, people.logbook, later, older_than=A_MINUTE)
    assert done.applied == 1


def test_who_came_back_is_not_sent_away_again_but_after_a_restore(people, ring):
    no = a_no(ring)
    people.logbook.note([no, replace(no, act=NoAct.LIFTED)])
    done = caught_up(people)
    assert (done.read, done.applied, done.lifted) == (1, 0, 1)
    again = Logbook(people.logbook.folder, ring)
    Path(again.file).write_bytes(b"")
    again.note([no, replace(no, act=NoAct.LIFTED)])
    # The consent that she came back with is lost with the database.
    assert caught_up(people, restored=True).applied == 1


@pytest.mark.parametrize("act", [NoAct.SUPPRESSED, NoAct.WITHDRAWN])
@pytest.mark.parametrize("address", ["kari@example.com", "stranger@example.com"])
@pytest.mark.parametrize("restored", [True, False])
def test_a_lighter_no_said_later_does_not_end_a_heavier(
    people, ring, act, address, restored
):
    said = a_no(ring, address, act, "marketing")
    month, week = (NOW + timedelta(days=days) for days in (30, 7))
    heavy = replace(said, reason=SuppressionReason.COMPLAINED)
    waits = replace(said, reason=SuppressionReason.PAUSED, at=NOW + A_MINUTE)
    list_scope = {"scope": "list:news"}
    noes = [
        heavy,
        replace(waits, until_at=week),
        replace(waits, until_at=month, **list_scope),
        replace(waits, until_at=week, **list_scope),
    ]
    people.logbook.note(noes)
    assert caught_up(people, restored=restored).applied == 2
    with people.database.read() as connection:
        held = suppressions_of(connection, said.hash)
    assert {(one.scope, one.reason, one.until_at, one.since_at) for one in held} == {
        ("marketing", SuppressionReason.COMPLAINED, None, NOW),
        ("list:news", SuppressionReason.PAUSED, month, NOW + A_MINUTE),
    }
    assert people.problems() == []


def test_a_full_disk_keeps_nobody_on_the_list(people, monkeypatch):
    with monkeypatch.context() as patch:
        full(patch)
        with pytest.raises(WorkspaceError, match=r"in force, but not in the logbook.*room"):
            leave(people)
        assert standing(people).status is SubscriptionStatus.UNSUBSCRIBED
        # Asked again, it is still not safe.
        with pytest.raises(WorkspaceError, match="No space left"):
            leave(people)
        assert tend(people.database, people.logbook, NOW) is None
        with people.database.read() as connection:
            (alarm,) = open_alarms(connection)
        assert alarm.kind == "logbook"
        assert "told to ask again" in alarm.happened
    assert not leave(people).changed
    assert len(noes(people.logbook)) == 1
    leave(people)
    assert len(noes(people.logbook)) == 1


def test_a_write_that_stops_half_way_leaves_no_half_line(people, ring, monkeypatch):
    people.logbook.note([a_no(ring)])
    size = Path(people.logbook.file).stat().st_size
    write = os.write

    def half(file, content):
        if len(content) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, content[:60])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(WorkspaceError, match="No space left"):
            people.logbook.note([a_no(ring, "ola@example.com")])
    assert Path(people.logbook.file).stat().st_size == size


def test_a_line_that_was_cut_short_or_changed_is_seen_and_takes_no_other_with_it(
    people, ring
):
    file = Path(people.logbook.file)
    people.logbook.note([a_no(ring)])
    whole = file.read_bytes()
    people.logbook.note([a_no(ring, "cut@example.com")])
    file.write_bytes(file.read_bytes()[: len(whole) + 40])
    people.logbook.note([a_no(ring, "ola@example.com")])
    people.logbook.note([a_no(ring, "changed@example.com", scope="list:newx")])
    file.write_bytes(file.read_bytes().replace(b"newx", b"newy"))
    assert [line.no is not None for line in people.logbook.lines()] == [
        False, True, False, True, False,
    ]  # fmt: skip
    done = caught_up(people)
    assert (done.applied, done.wrong) == (2, 2)
    assert standing(people, "ola@example.com").status is SubscriptionStatus.UNSUBSCRIBED
    with people.database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert alarm.kind == "logbook"
    assert alarm.happened.startswith("2 line(s) are not whole or were changed")


def test_a_line_that_another_workspaces_key_sealed_is_none_of_ours(people, ring):
    others = KeyRing(tuple(replace(key, secret=b"o" * 32) for key in ring.keys))
    people.logbook.note([a_no(ring)])
    Logbook(people.logbook.folder, others).note([a_no(ring, "ola@example.com")])
    assert [no.hash for no in noes(people.logbook)] == [a_no(ring).hash]


def test_a_line_is_found_again_under_a_suppression_key_that_was_added_since(people, ring):
    people.logbook.note([a_no(ring)])
    more = KeyRing((*ring.keys, Key(9, Purpose.SUPPRESSION, b"n" * 32)))
    (no,) = noes(Logbook(people.logbook.folder, more))
    assert no.hash == more.suppression_hash("kari@example.com")


def test_many_who_append_at_once_lose_no_line(people, ring):
    def append(number):
        for place in range(25):
            Logbook(people.logbook.folder, ring).note(
                [a_no(ring, f"p{number}-{place}@example.com")]
            )

    writers = [threading.Thread(target=append, args=(number,)) for number in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    lines = list(people.logbook.lines())
    assert all(line.whole for line in lines)
    assert len({no.hash for no in noes(people.logbook)}) == 200
    assert len(lines) == 201


def test_a_transaction_that_fails_after_the_line_is_caught_up_with(people, ring):
    with (
        pytest.raises(ZeroDivisionError),
        say_no(people.database, people.logbook, [a_no(ring)]),
    ):
        _ = 1 // 0
    assert caught_up(people).applied == 1


def test_what_was_suppressed_with_an_end_keeps_its_end(people, ring):
    end = NOW + timedelta(days=3)
    no = replace(
        a_no(ring, "stranger@example.com", NoAct.SUPPRESSED, "marketing"),
        until_at=end,
        reason=SuppressionReason.MANUAL,
    )
    people.logbook.note([no])
    assert caught_up(people).applied == 1
    (found,) = show_contact(people.database, ring, "stranger@example.com").suppressions
    assert (found.scope, found.until_at, found.since_at) == ("marketing", end, NOW)


def test_a_heavier_reason_on_record_is_kept(people, ring):
    no = a_no(ring, "stranger@example.com", NoAct.SUPPRESSED, "marketing")
    complained = Suppression(
        "marketing", SuppressionReason.COMPLAINED, NOW, None, "feedback loop"
    )
    with people.database.write() as connection:
        suppress(connection, no.hash, complained)
    people.logbook.note([no])
    assert caught_up(people).applied == 0
    with people.database.write() as connection:
        lift(connection, no.hash, "marketing")


def test_a_file_that_begins_anew_is_read_from_its_beginning(people, ring):
    people.logbook.note([a_no(ring)])
    caught_up(people)
    Path(people.logbook.file).unlink()
    people.logbook.note([a_no(ring, "ola@example.com")])
    assert caught_up(people).applied == 1


def test_it_is_said_since_when_it_is_kept(people):
    assert people.logbook.opening() is None
    people.logbook.begin(NOW)
    people.logbook.begin(NOW + A_MINUTE)
    opening = people.logbook.opening()
    assert opening is not None
    assert opening.begun_at == NOW
    assert jobs.note_missing(people.database, people.logbook) == 0
