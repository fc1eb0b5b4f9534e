"""Importing people, on both databases."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from people import NEWS, NOW, OFFERS, SPECS, People, rejected, total
from sqlalchemy import text

from mailer.errors import DatabaseError, ImportFileError, RefusedError
from mailer.jobs import import_people, import_run
from mailer.jobs.contacts import NewPerson, add_contact
from mailer.jobs.undo_import import undo_import
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.consent import Basis, How, SubscriptionStatus, SuppressionReason
from mailer.model.mailinglist import Wording
from mailer.model.suppression import Suppression
from mailer.model.token import Reader
from mailer.store.batches import advance
from mailer.store.evidence import evidence_of
from mailer.store.suppressions import suppress
from mailer.workspace.csvfiles import held, survey
from mailer.workspace.encodings import Encoding


@pytest.fixture
def people(database, ring, tmp_path):
    return People(database, ring, tmp_path)


def count(people, table):
    with people.database.read() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()


def suppressed(people, match, scope, until=None):
    with people.database.write() as connection:
        suppress(
            connection,
            people.ring.suppression_hash(match),
            Suppression(scope, SuppressionReason.COMPLAINED, NOW, until, "feedback loop"),
        )


def left(people, match):
    contact = people.contact(match)
    unsubscribe(
        people.database,
        people.logbook,
        Reader(contact.id, 1, 0),
        How.ONE_CLICK,
        people.clock(),
    )


def test_each_person_gets_a_contact_an_entry_and_a_subscription(people):
    result = people.run(
        people.file(
            "Email;Name;Points;Member;Interests;Language;Time zone",
            "Kari@Example.COM;Kari Nordmann;120;yes;tents,boots;nb;Europe/Oslo",
            "ola@example.com;Ola;;no;;;",
        )
    )
    assert result.counts["added"] == total(result.counts.items()) == 2
    assert result.rejected_path is None
    kari = people.contact("kari@example.com")
    assert kari is not None
    assert kari.address == "Kari@example.com"
    assert kari.attributes == {
        "name": "Kari Nordmann",
        "points": 120,
        "member": True,
        "interests": ["tents", "boots"],
    }
    assert (kari.language, kari.time_zone) == ("nb", "Europe/Oslo")
    assert kari.hash == people.ring.suppression_hash("kari@example.com")
    standing = people.on_list("kari@example.com")
    assert standing is not None
    assert (standing.status, standing.basis) == (
        SubscriptionStatus.SUBSCRIBED,
        Basis.EXPRESS,
    )
    with people.database.read() as connection:
        (entry,) = evidence_of(connection, kari.id)
    assert (entry.who, entry.source, entry.how) == ("kari@example.com", "stall", How.IMPORT)
    assert (entry.batch_id, entry.wording) == (result.batch_id, 1)
    assert people.problems() == []


def test_an_empty_cell_never_erases_a_value(people):
    people.run(people.file("email,name,points,language", "a@example.com,Anne,5,nb"))
    result = people.run(
        people.file("email,name,points,language", "A@example.com,,7,", name="more.csv")
    )
    contact = people.contact("a@example.com")
    assert contact is not None
    assert (contact.attributes, contact.language) == ({"name": "Anne", "points": 7}, "nb")
    assert (result.counts["already_on"], result.counts["changed"]) == (1, 1)


def test_duplicates_in_a_file_become_one_person(people):
    result = people.run(
        people.file(
            "email,name,points",
            "a@example.com,Anne,1",
            "b@example.com,Bo,2",
            "A@Example.com,,3",
            "a@example.com,Anna,",
        )
    )
    contact = people.contact("a@example.com")
    assert contact is not None
    assert contact.attributes == {"name": "Anna", "points": 3}
    assert (result.counts["added"], result.counts["again"]) == (2, 2)
    assert count(people, "ledger") == 2


def test_duplicates_in_another_piece_of_the_file_are_found_too(people, monkeypatch):
    monkeypatch.setattr(import_people, "PIECE_ROWS", 2)
    result = people.run(
        people.file(
            "email,points", "a@example.com,1", "b@example.com,2", "c@example.com,3",
            "a@example.com,9",
        )
    )  # fmt: skip
    assert (result.counts["added"], result.counts["again"]) == (3, 1)
    contact = people.contact("a@example.com")
    assert contact is not None
    assert contact.attributes == {"points": 9}
    assert count(people, "ledger") == 3


@pytest.mark.parametrize("scope", ["list:news", "marketing", "everything"])
def test_who_is_suppressed_is_not_even_created(people, scope):
    suppressed(people, "a@example.com", scope)
    result = people.run(people.file("email", "A@example.com", "b@example.com"))
    assert (result.counts["suppressed"], result.counts["added"]) == (1, 1)
    assert people.contact("a@example.com") is None
    header, line = rejected(result)
    assert header == "email,rejected_line,rejected_reason"
    assert line.startswith('A@example.com,2,"the address is suppressed (complained, scope')


def test_a_suppression_of_another_list_or_one_that_ended_keeps_nobody_away(people):
    suppressed(people, "a@example.com", "list:offers")
    suppressed(people, "b@example.com", "marketing", NOW - timedelta(days=1))
    result = people.run(people.file("email", "a@example.com", "b@example.com"))
    assert result.counts["added"] == 2


def test_who_has_left_is_never_brought_back(people):
    first = people.file("email,name", "a@example.com,Anne")
    people.run(first)
    left(people, "a@example.com")
    entries = count(people, "ledger")
    result = people.run(
        people.file("email,name", "a@example.com,Other", name="again.csv"),
        basis=Basis.DOUBLE_OPT_IN,
    )
    assert result.counts["suppressed"] == 1
    with people.database.write() as connection:
        connection.execute(text("DELETE FROM suppression"))
    result = people.run(people.file("email,name", "a@example.com,Third", name="3.csv"))
    assert result.counts["left"] == 1
    assert "left this list on" in rejected(result)[1]
    standing = people.on_list("a@example.com")
    assert standing is not None
    assert standing.status is SubscriptionStatus.UNSUBSCRIBED
    contact = people.contact("a@example.com")
    assert contact is not None
    assert contact.attributes == {"name": "Anne"}
    assert count(people, "ledger") == entries


def test_who_left_one_list_may_be_on_another(people):
    people.run(people.file("email", "a@example.com"))
    left(people, "a@example.com")
    result = people.run(people.file("email", "a@example.com"), mailing_list=OFFERS)
    assert result.counts["joined"] == 1


def test_a_stronger_basis_renews_and_a_weaker_one_does_not(people):
    people.run(people.file("email", "a@example.com"), basis=Basis.SOFT_OPT_IN)
    weaker = people.run(
        people.file("email,name", "a@example.com,", name="w.csv"), basis=Basis.IMPLIED
    )
    assert weaker.counts["already_on"] == 1
    stronger = people.run(people.file("email", "a@example.com ", name="s.csv"))
    assert stronger.counts["renewed"] == 1
    standing = people.on_list("a@example.com")
    assert standing is not None
    assert (standing.basis, standing.expires_at) == (Basis.EXPRESS, None)


def test_an_implied_permission_ends_by_itself(people):
    result = people.run(people.file("email", "a@example.com"), basis=Basis.IMPLIED)
    standing = people.on_list("a@example.com")
    assert standing is not None
    assert standing.expires_at == result.expires_at
    assert NOW + timedelta(days=180) < standing.expires_at < NOW + timedelta(days=190)


def test_an_offices_address_needs_a_double_opt_in(people):
    lines = ("email", "abuse@example.com", "news-request@example.com", "info@example.com")
    result = people.run(people.file(*lines))
    assert (result.counts["rejected"], result.counts["added"]) == (2, 1)
    assert result.counts["shared"] == 1
    again = people.run(people.file(*lines, name="d.csv"), basis=Basis.DOUBLE_OPT_IN)
    assert again.counts["added"] == 2


def test_bad_rows_go_into_a_file_with_line_and_reason(people):
    result = people.run(
        people.file(
            "email,name,points",
            "a@example.com,Anne,1",
            "nobody,=cmd|'/c calc'!A0,1",
            "b@example.com,Bo,many",
            "c@example.com,C",
            "d@example.com,D\0d,4",
            'e@example.com,"Eva" x,5',
            "f@example.com,,6,,",
            f"g@example.com,{'g' * 20_000},7",
        )
    )
    lines = rejected(result)
    assert (result.counts["added"], result.counts["rejected"]) == (2, 6)
    assert lines[0] == "email,name,points,rejected_line,rejected_reason"
    reasons = {line.split(",")[3]: line for line in lines[1:]}
    assert "nobody,'=cmd|'/c calc'!A0,1,3," in reasons["3"]
    assert "points: 'many' is not a number" in reasons["4"]
    assert "has 2 cells where the header has 3" in reasons["5"]
    assert "U+0000" in reasons["6"]
    assert "is not CSV" in lines[5]
    assert "is longer than 4000 characters" in lines[6]
    assert total(result.counts.items()) == result.rows == 8


def test_corrected_rejected_rows_can_be_imported(people):
    result = people.run(people.file("email,name", "a@example,=Anne"))
    assert result.rejected_path is not None
    path = Path(result.rejected_path)
    corrected = path.read_text(encoding="utf-8-sig").replace("a@example,", "a@example.com,")
    path.write_text(corrected, encoding="utf-8-sig")
    again = people.run(str(path))
    assert again.counts["added"] == 1
    contact = people.contact("a@example.com")
    assert contact is not None
    assert contact.attributes == {"name": "=Anne"}


def test_the_same_file_is_imported_once(people):
    path = people.file("email", "a@example.com")
    people.run(path)
    with pytest.raises(RefusedError, match="already imported as batch 1"):
        people.run(path)
    assert people.run(path, mailing_list=OFFERS).counts["joined"] == 1


def test_a_dry_run_changes_nothing_and_counts_the_same(people, monkeypatch):
    monkeypatch.setattr(import_people, "PIECE_ROWS", 2)
    people.run(people.file("email,points", "k@example.com,1", name="known.csv"))
    suppressed(people, "s@example.com", "marketing")
    path = people.file(
        "email,points", "k@example.com,2", "s@example.com,1", "n@example.com,1", "bad,1",
        "N@example.com,2", "info@example.com,",
    )  # fmt: skip
    before = [count(people, name) for name in ("contact", "ledger", "import_batch")]
    trial = people.run(path, dry_run=True)
    assert trial.batch_id is None
    assert trial.rejected_path is None
    assert [line for line, _ in trial.first_rejected] == [3, 5]
    assert before == [count(people, name) for name in ("contact", "ledger", "import_batch")]
    real = people.run(path)
    # The trial cannot see that the second row about n changes the first.
    assert {**real.counts, "changed": 1} == {**trial.counts, "changed": 1}
    assert total(real.counts.items()) == 6


class CrashError(Exception):
    pass


@pytest.fixture
def long_file(people, monkeypatch):
    """A file that takes six slices, with bad rows and a duplicate."""
    monkeypatch.setattr(import_people, "PIECE_ROWS", 7)
    monkeypatch.setattr(import_run, "next_size", lambda *_: 3)
    monkeypatch.setattr(import_run, "_FIRST_SLICE", 3)
    lines = ["email,points"]
    lines += [f"p{(n * 7) % 20:02}@example.com,{n}" for n in range(20)]
    lines[4] = "bad row,1"
    lines[9] = "worse,2"
    lines[15] = lines[3]
    return people.file(*lines)


def require_complete(people, result):
    assert result.resumed
    assert total(result.counts.items()) == result.rows == 20
    assert (result.counts["added"], result.counts["again"]) == (17, 1)
    assert [line.split(",")[2] for line in rejected(result)[1:]] == ["5", "10"]
    assert count(people, "contact") == count(people, "ledger") == 17
    assert people.problems() == []


@pytest.mark.parametrize("slices", range(1, 7))
def test_an_import_goes_on_where_it_was_killed(people, long_file, slices):
    left_over = slices

    def crash(*_):
        nonlocal left_over
        left_over -= 1
        if not left_over:
            raise CrashError

    with pytest.raises(CrashError):
        people.run(long_file, crash)
    require_complete(people, people.run(long_file))


@pytest.mark.parametrize("slices", range(2, 7))
def test_a_slice_that_was_not_committed_is_done_again(
    people, long_file, monkeypatch, slices
):
    left_over = slices

    def crash(*arguments):
        nonlocal left_over
        left_over -= 1
        if not left_over:
            raise CrashError
        return advance(*arguments)

    monkeypatch.setattr(import_run, "advance", crash)
    with pytest.raises(CrashError):
        people.run(long_file)
    monkeypatch.undo()
    require_complete(people, people.run(long_file))


WRITTEN = ("import_batch", "contact", "ledger", "ledger_head", "subscription")


@pytest.mark.parametrize("slices", range(2, 7))
def test_what_a_server_lost_as_it_crashed_is_imported_when_the_program_lived_on(
    people, long_file, slices
):
    """Slices are committed without a flush: PostgreSQL may forget the last of them."""
    before = slices

    def crash(*_):
        nonlocal before
        before -= 1
        with people.database.alter() as connection:
            if before == 1:
                for table in WRITTEN:
                    kept = f"CREATE TABLE kept_{table} AS SELECT * FROM {table}"
                    connection.execute(text(kept))
            elif not before:
                for table in reversed(WRITTEN):
                    connection.execute(text(f"DELETE FROM {table}"))
                for table in WRITTEN:
                    back = f"INSERT INTO {table} SELECT * FROM kept_{table}"
                    connection.execute(text(back))

    with pytest.raises(DatabaseError, match=r"lost the last \d+ rows of batch 1"):
        people.run(long_file, crash)
    require_complete(people, people.run(long_file))


def test_a_half_imported_file_goes_on_only_with_the_same_declaration(people, monkeypatch):
    monkeypatch.setattr(import_people, "PIECE_ROWS", 1)
    path = people.file("email", "a@example.com", "b@example.com")

    def crash(*_):
        raise CrashError

    with pytest.raises(CrashError):
        people.run(path, crash)
    with pytest.raises(RefusedError, match="--basis express --source 'stall'"):
        people.run(path, basis=Basis.DOUBLE_OPT_IN)
    two = replace(NEWS, wordings=(*NEWS.wordings, Wording(2, "And call me.", True)))
    assert people.run(path, mailing_list=two).counts["added"] == 2
    standing = people.on_list("b@example.com")
    assert standing is not None
    assert standing.wording == 1


def test_a_file_that_somebody_else_imports_is_refused(people):
    path = people.file("email", "a@example.com")
    with held(survey(path)), pytest.raises(RefusedError, match="by another program"):
        people.run(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param("email,name\na@example.com,Åse\n".encode() + b"b@example.com,\xc5se\n",
                     "two encodings: line 2 is UTF-8, line 3 is not", id="two encodings"),
        pytest.param(b"email,name\na@example.com,\x81\n",
                     "line 2: byte 0x81 is neither UTF-8 nor Windows-1252", id="neither"),
        pytest.param(b"em\0ail\na@example.com\n", "holds a NUL", id="nul"),
        pytest.param(
            b"PK\x03\x04\x14\0\6\0[Content_Types].xml", "is a workbook", id="workbook"
        ),
        pytest.param(b"PK\x03\x04\x14\0\0\0left.csv", "unpack it", id="zip"),
        pytest.param(b"name,points\nAnne,1\n", "no column for the address", id="no email"),
        pytest.param(b"email,nmae\na@example.com,Anne\n", "did you mean 'name'",
                     id="unknown column"),
        pytest.param(b"email,name,Name\n", "two columns 'Name'", id="twice"),
        pytest.param(b'email,name\na@example.com,"Anne\nb@example.com,Bo\n', "line 2: a"
                     " quotation mark opens", id="open quotation mark"),
        pytest.param(b"email\na@example.com\n\xc3", "ends in the middle of a character",
                     id="cut in a character"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(people, content, words):
    path = people.folder / "people.csv"
    path.write_bytes(content)
    with pytest.raises(ImportFileError, match=words):
        people.run(str(path))
    assert count(people, "import_batch") == count(people, "contact") == 0


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "windows-1252"),
        ("utf-16", "utf-16"), ("utf-16-le", "utf-16"), ("utf-16-be", "utf-16"),
    ],
)  # fmt: skip
def test_what_a_till_exports_is_read_as_what_it_is(people, codec, encoding):
    lines = 'Kunde;Navn;Poeng\r\nkari@example.com;"Kåre ""Øre"" Nordmann";7\r\n'
    path = people.folder / "till.csv"
    path.write_bytes(lines.encode(codec))
    called = {"Kunde": "email", "navn": "name", "Poeng": "points"}
    result = people.run(str(path), called=called)
    assert (result.encoding, result.delimiter) == (encoding, ";")
    assert result.taken == (("Kunde", "email"), ("Navn", "name"), ("Poeng", "points"))
    contact = people.contact("kari@example.com")
    assert contact is not None
    assert contact.attributes == {"name": 'Kåre "Øre" Nordmann', "points": 7}


def test_what_somebody_says_about_a_file_counts(people):
    path = people.folder / "people.csv"
    path.write_bytes("email|name\na@example.com|Åse\n".encode())
    told = {"encoding": Encoding.WINDOWS_1252, "delimiter": "|"}
    people.run(str(path), **told)
    contact = people.contact("a@example.com")
    assert contact is not None
    assert contact.attributes == {"name": "Ã…se"}
    path.write_bytes(b"email\n\xff@example.com\n")
    with pytest.raises(ImportFileError, match=r"byte 0xff is not utf-8.*--encoding"):
        people.run(str(path), encoding=Encoding.UTF_8)


@pytest.mark.parametrize(
    ("called", "words"),
    [
        ({"Kunde": "emial"}, "there is no 'emial'; did you mean 'email'"),
        ({"Kunda": "email"}, "the header has no 'Kunda'; did you mean 'Kunde'"),
        ({"Kunde": "email", "Navn": "email"}, "two columns"),
    ],
)  # fmt: skip
def test_a_column_that_is_taken_for_something_wrong_is_refused(people, called, words):
    path = people.file("Kunde,Navn", "a@example.com,A")
    with pytest.raises(ImportFileError, match=words):
        people.run(path, called=called)
    assert count(people, "import_batch") == 0


def test_a_line_of_ten_megabytes_is_rejected_and_the_others_go_on(people):
    long = "x" * 10_000_000
    result = people.run(
        people.file(
            "email,name", "a@example.com,A", f"b@example.com,{long}", "c@example.com,"
        )
    )
    assert (result.counts["added"], result.counts["rejected"]) == (2, 1)
    assert result.first_rejected == ((3, "is longer than 1048576 characters"),)


def test_columns_that_nobody_declared_can_be_left_out(people):
    path = people.file("email,status", "a@example.com,subscribed")
    with pytest.raises(ImportFileError, match=r"'status'.*--ignore-unknown"):
        people.run(path)
    assert people.run(path, ignore_unknown=True).ignored == ("status",)


def test_there_is_no_import_without_words_and_a_source(people):
    path = people.file("email", "a@example.com")
    with pytest.raises(RefusedError, match="--source"):
        people.run(path, source="  ")
    with pytest.raises(RefusedError, match="no version 3"):
        people.run(path, wording=3)
    two = replace(NEWS, wordings=(*NEWS.wordings, Wording(2, "And call me.")))
    with pytest.raises(RefusedError, match="version 2 is needed"):
        people.run(path, wording=1, mailing_list=two)
    with pytest.raises(RefusedError, match="ended already"):
        people.run(path, expires_at=NOW - timedelta(days=1))


def test_undoing_takes_back_what_rests_on_the_import(people):
    people.run(people.file("email,name,points", "old@example.com,Olga,1", name="1.csv"))
    people.run(people.file("email,name", "moved@example.com,M", name="2.csv"))
    bad = people.run(
        people.file(
            "email,name,points,language",
            "old@example.com,Wrong,2,nb",
            "new@example.com,New,3,",
            "moved@example.com,Wrong,,",
            "gone@example.com,Gone,,",
        ),
        mailing_list=OFFERS,
    )
    left(people, "gone@example.com")
    with people.database.read() as connection:
        number = connection.execute(
            text("SELECT number FROM mailing_list WHERE id = 'offers'")
        ).scalar()
    contact = people.contact("gone@example.com")
    assert contact is not None
    unsubscribe(
        people.database,
        people.logbook,
        Reader(contact.id, number, 0),
        How.PAGE,
        people.clock(),
    )
    people.run(people.file("email,name", "moved@example.com,Mona", name="3.csv"))
    assert bad.batch_id is not None
    result = undo_import(people.database, people.ring, bad.batch_id, people.clock)
    assert (result.undone, result.kept, result.restored) == (3, 1, 1)
    assert people.on_list("old@example.com", "offers") is None
    assert people.on_list("new@example.com", "offers") is None
    assert people.on_list("old@example.com") is not None
    gone = people.on_list("gone@example.com", "offers")
    assert gone is not None
    assert gone.status is SubscriptionStatus.UNSUBSCRIBED
    old, moved = people.contact("old@example.com"), people.contact("moved@example.com")
    assert old is not None
    assert moved is not None
    assert (old.attributes, old.language) == ({"name": "Olga", "points": 1}, None)
    assert moved.attributes == {"name": "Mona"}
    assert count(people, "contact") == 4
    assert people.problems() == []
    with pytest.raises(RefusedError, match="undone already"):
        undo_import(people.database, people.ring, bad.batch_id, people.clock)


def test_an_undone_file_may_be_imported_again(people):
    path = people.file("email", "a@example.com")
    batch = people.run(path).batch_id
    assert batch is not None
    undo_import(people.database, people.ring, batch, people.clock)
    assert people.run(path).counts["joined"] == 1
    assert people.on_list("a@example.com") is not None


def test_undoing_goes_on_where_it_was_killed(people):
    lines = [f"p{n}@example.com,{n}" for n in range(450)]
    people.run(people.file("email,points", *(f"p{n}@example.com,9" for n in range(450))))
    batch = people.run(
        people.file("email,points", *lines, name="2.csv"), mailing_list=OFFERS
    ).batch_id
    assert batch is not None

    def crash(_):
        raise CrashError

    for _ in range(3):
        with pytest.raises(CrashError):
            undo_import(people.database, people.ring, batch, people.clock, crash)
    result = undo_import(people.database, people.ring, batch, people.clock)
    assert (result.undone, result.kept) == (450, 0)
    contact = people.contact("p7@example.com")
    assert contact is not None
    assert contact.attributes == {"points": 9}
    assert people.problems() == []


def test_an_import_that_is_undone_meanwhile_stops(people, monkeypatch):
    monkeypatch.setattr(import_people, "PIECE_ROWS", 1)
    path = people.file("email", "a@example.com", "b@example.com")

    def undo(*_):
        undo_import(people.database, people.ring, 1, people.clock)

    with pytest.raises(RefusedError, match="undone by another program"):
        people.run(path, undo)
    assert people.contact("b@example.com") is None
    assert people.problems() == []


def test_one_person_can_be_added_with_consent(people):
    person = NewPerson(
        "Anne@example.com",
        NEWS,
        Basis.EXPRESS,
        "by phone",
        {"name": "Anne", "language": "nb"},
    )
    assert add_contact(people.database, people.ring, SPECS, person, people.clock) == "added"
    again = add_contact(people.database, people.ring, SPECS, person, people.clock)
    assert again == "already_on"
    assert count(people, "ledger") == 1
    left(people, "anne@example.com")
    with pytest.raises(RefusedError, match="only the person can"):
        add_contact(people.database, people.ring, SPECS, person, people.clock)
    assert people.problems() == []
