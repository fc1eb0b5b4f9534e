"""Keys: with a missing or wrong one nothing starts; a new one forgets nobody's "no"."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from databases import Server
from sending import a_campaign
from sqlalchemy import insert, select

from mailer.errors import KeyFileError, RefusedError
from mailer.jobs.init import fresh_keys, make_state
from mailer.jobs.keys import add_key, keys_in_force, list_keys
from mailer.model.key import Key, KeyRing, Purpose
from mailer.store.database import Database, open_database
from mailer.store.keys import KeyUse, record_keys, recorded_keys
from mailer.store.tables import ContactRow, DeliveryRow, SuppressionRow, table
from mailer.workspace.keyfile import read_keys, replace_keys, write_new_keys

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NEXT_YEAR = datetime(2027, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def keys_file(tmp_path: Path) -> str:
    return str(tmp_path / "keys.toml")


@pytest.fixture
def old(database: Database, keys_file: str) -> KeyRing:
    """The keys of a database that was made with them."""
    make_state(database, None, keys_file, NOW)
    return keys_in_force(database, keys_file, NOW)


def test_the_keys_of_the_database_are_in_force(old: KeyRing):
    assert {key.purpose for key in old.keys} == set(Purpose)


def test_a_fresh_key_file_over_an_old_database_is_refused_and_the_file_is_named(
    database: Database, keys_file: str, old: KeyRing
):
    replace_keys(keys_file, fresh_keys())
    with pytest.raises(KeyFileError) as caught:
        keys_in_force(database, keys_file, NEXT_YEAR)
    assert keys_file in str(caught.value)
    assert "bring back the file of 2026-11-21" in str(caught.value)


@pytest.mark.parametrize("purpose", Purpose)
def test_with_one_key_missing_nothing_starts(
    database: Database, keys_file: str, old: KeyRing, purpose: Purpose
):
    replace_keys(keys_file, KeyRing(tuple(k for k in old.keys if k.purpose is not purpose)))
    with pytest.raises(KeyFileError, match=f"lacks key . .{purpose}."):
        keys_in_force(database, keys_file, NEXT_YEAR)


@pytest.mark.parametrize("purpose", Purpose)
def test_with_one_key_changed_nothing_starts(
    database: Database, keys_file: str, old: KeyRing, purpose: Purpose
):
    changed = tuple(
        Key(key.id, key.purpose, b"x" * 32) if key.purpose is purpose else key
        for key in old.keys
    )
    replace_keys(keys_file, KeyRing(changed))
    with pytest.raises(
        KeyFileError, match="is not the one that this database was made with"
    ):
        keys_in_force(database, keys_file, NEXT_YEAR)


def test_a_key_under_another_purpose_is_another_key(
    database: Database, keys_file: str, old: KeyRing
):
    first, second, third = old.keys
    swapped = (
        Key(first.id, second.purpose, first.secret),
        Key(second.id, first.purpose, second.secret),
        third,
    )
    replace_keys(keys_file, KeyRing(swapped))
    with pytest.raises(KeyFileError):
        keys_in_force(database, keys_file, NEXT_YEAR)


def test_making_state_again_over_an_old_database_makes_no_fresh_keys(
    database: Database, keys_file: str, old: KeyRing
):
    Path(keys_file).unlink()
    with pytest.raises(KeyFileError, match="bring the file back"):
        make_state(database, None, keys_file, NEXT_YEAR)
    assert not Path(keys_file).exists()


def test_a_database_without_keys_takes_those_of_the_file(
    database: Database, keys_file: str
):
    ring = fresh_keys()
    write_new_keys(keys_file, ring)
    assert keys_in_force(database, keys_file, NOW) == ring
    with database.read() as connection:
        assert [one.id for one in recorded_keys(connection)] == [1, 2, 3]


def test_a_file_without_a_key_for_each_purpose_is_refused(
    database: Database, keys_file: str
):
    write_new_keys(keys_file, KeyRing(fresh_keys().keys[:2]))
    with pytest.raises(KeyFileError, match="has no suppression key"):
        keys_in_force(database, keys_file, NOW)


def test_a_backup_brought_back_takes_newer_token_and_ledger_keys_from_the_file(
    database: Database, keys_file: str, old: KeyRing
):
    newer = (Key(4, Purpose.TOKEN, b"4" * 32), Key(5, Purpose.LEDGER, b"5" * 32))
    replace_keys(keys_file, KeyRing((*old.keys, *newer)))
    assert keys_in_force(database, keys_file, NEXT_YEAR).keys == (*old.keys, *newer)
    with database.read() as connection:
        assert [one.id for one in recorded_keys(connection)] == [1, 2, 3, 4, 5]


def test_a_backup_brought_back_leaves_a_newer_suppression_key_out_of_force(
    database: Database, keys_file: str, old: KeyRing
):
    newer = Key(4, Purpose.SUPPRESSION, b"4" * 32)
    replace_keys(keys_file, KeyRing((*old.keys, newer)))
    assert keys_in_force(database, keys_file, NEXT_YEAR) == old
    (*_, status) = list_keys(database, keys_file)
    assert (status.id, status.since) == (4, None)
    assert "goes on with it" in status.problem


@pytest.mark.parametrize("purpose", [Purpose.TOKEN, Purpose.LEDGER])
def test_a_new_key_is_the_newest_and_the_old_ones_stay(
    database: Database, keys_file: str, old: KeyRing, purpose: Purpose
):
    done = add_key(database, keys_file, purpose, NEXT_YEAR)
    ring = keys_in_force(database, keys_file, NEXT_YEAR)
    assert (done.id, done.hashes, done.went_on) == (4, 0, False)
    assert ring.newest(purpose).id == 4
    assert ring.keys[:3] == old.keys


def hashes(database: Database) -> list[bytes]:
    """Every hash on record: contacts, deliveries, suppressions."""
    with database.read() as connection:
        return [
            *connection.execute(
                select(table(ContactRow).c.hash).order_by(table(ContactRow).c.id)
            ).scalars(),
            *connection.execute(
                select(table(DeliveryRow).c.hash).order_by(table(DeliveryRow).c.id)
            ).scalars(),
            *sorted(connection.execute(select(table(SuppressionRow).c.hash)).scalars()),
        ]


def expected(ring: KeyRing) -> list[bytes]:
    """The hashes that a ring gives to the people below."""
    people = [ring.suppression_hash(f"p{number}@example.com") for number in (1, 2, 3)]
    gone = ring.suppression_hash("gone@example.com")
    return [*people, *people, *sorted([people[0], people[0], gone])]


@pytest.fixture
def filled(database: Database, old: KeyRing) -> None:
    """Three people with deliveries, one of them suppressed twice, and one who is gone."""
    a_campaign(database, old, 3)
    first = old.suppression_hash("p1@example.com")
    gone = old.suppression_hash("gone@example.com")
    with database.write() as connection:
        connection.execute(
            insert(table(SuppressionRow)),
            [
                {"hash": one, "scope": scope, "reason": "manual", "since_at": NOW,
                 "source": ""}
                for one, scope in (
                    (first, "list:news"), (first, "marketing"), (gone, "everything")
                )
            ],
        )  # fmt: skip


@pytest.mark.usefixtures("filled")
def test_a_new_suppression_key_is_laid_over_every_hash_on_record(
    database: Database, keys_file: str, old: KeyRing
):
    assert hashes(database) == expected(old)
    for new in (4, 5):
        done = add_key(database, keys_file, Purpose.SUPPRESSION, NEXT_YEAR)
        ring = keys_in_force(database, keys_file, NEXT_YEAR)
        assert (done.id, done.hashes) == (new, 8)
        assert [key.id for key in ring.of(Purpose.SUPPRESSION)] == [3, *range(4, new + 1)]
        assert hashes(database) == expected(ring)


@pytest.mark.usefixtures("filled")
def test_more_hashes_than_a_slice_holds_are_all_laid_over(
    database: Database, keys_file: str, old: KeyRing, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mailer.store.keys._SLICE", 2)
    add_key(database, keys_file, Purpose.SUPPRESSION, NEXT_YEAR)
    ring = keys_in_force(database, keys_file, NEXT_YEAR)
    assert ring != old
    assert hashes(database) == expected(ring)


@pytest.mark.usefixtures("filled")
def test_an_adding_that_did_not_reach_the_database_is_gone_on_with(
    database: Database, keys_file: str, old: KeyRing
):
    waiting = Key(4, Purpose.SUPPRESSION, b"4" * 32)
    replace_keys(keys_file, KeyRing((*old.keys, waiting)))
    done = add_key(database, keys_file, Purpose.SUPPRESSION, NEXT_YEAR)
    assert (done.id, done.went_on) == (4, True)
    ring = keys_in_force(database, keys_file, NEXT_YEAR)
    assert ring.keys == (*old.keys, waiting)
    assert hashes(database) == expected(ring)
    assert read_keys(keys_file) == ring


def test_a_key_is_never_added_to_another_database_s_file(
    database: Database, keys_file: str, old: KeyRing
):
    other = fresh_keys()
    replace_keys(keys_file, other)
    with pytest.raises(KeyFileError):
        add_key(database, keys_file, Purpose.TOKEN, NEXT_YEAR)
    assert read_keys(keys_file) == other
    assert other != old


def test_an_id_is_never_given_twice_also_when_the_file_lacks_its_key(
    database: Database, keys_file: str, old: KeyRing
):
    with database.write() as connection:
        record_keys(connection, (Key(9, Purpose.TOKEN, b"9" * 32),), NOW)
    replace_keys(keys_file, KeyRing((*old.keys, Key(9, Purpose.TOKEN, b"9" * 32))))
    assert add_key(database, keys_file, Purpose.LEDGER, NEXT_YEAR).id == 10


def test_there_is_room_for_255_keys(database: Database, keys_file: str, old: KeyRing):
    replace_keys(keys_file, KeyRing((*old.keys, Key(255, Purpose.TOKEN, b"9" * 32))))
    with pytest.raises(RefusedError, match="room for 255 keys"):
        add_key(database, keys_file, Purpose.LEDGER, NOW)


def test_the_list_of_keys_says_what_is_wrong_with_each(
    database: Database, keys_file: str, old: KeyRing
):
    first, second, third = old.keys
    replace_keys(keys_file, KeyRing((Key(1, first.purpose, b"x" * 32), third)))
    assert [
        (one.id, one.purpose, one.problem) for one in list_keys(database, keys_file)
    ] == [
        (1, first.purpose, "another one than the database's"),
        (2, second.purpose, "missing in the file"),
        (3, third.purpose, ""),
    ]


def test_on_postgresql_users_share_the_keys_and_who_changes_them_is_alone(
    postgres: Server,
):
    database = open_database(postgres.url)
    first, second, third = KeyUse(database), KeyUse(database), KeyUse(database)
    assert first.share()
    assert second.share()
    assert not third.take()
    first.free()
    second.free()
    assert third.take()
    assert not first.share()
    third.free()
    assert first.share()
    first.free()
    database.close()
