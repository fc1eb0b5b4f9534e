"""Reading the rows of an import."""

import pytest
from people import SPECS

from mailer.audience.header import read_header
from mailer.audience.rows import PersonRow, Rejected, RowReader, in_order
from mailer.errors import ImportFileError
from mailer.model.address import Role
from mailer.model.consent import Basis

ZONES = frozenset({"Europe/Oslo", "Europe/Berlin"})


def read(header, *rows, basis=Basis.EXPRESS):
    columns = read_header(header, SPECS, ignore_unknown=False)
    reader = RowReader(columns, basis, ZONES)
    return [reader.read(line, row) for line, row in enumerate(rows, 2)]


@pytest.mark.parametrize("name", ["email", "E-Mail", " e mail ", "Email Address", "MAIL"])
def test_the_column_of_addresses_has_many_names(name):
    (row,) = read([name], ["a@example.com"])
    assert isinstance(row, PersonRow)


def test_all_unknown_columns_are_named_with_what_was_perhaps_meant():
    with pytest.raises(ImportFileError) as caught:
        read_header(["email", "contry", "shoe"], SPECS, ignore_unknown=False)
    assert "'contry' (did you mean 'country'?), 'shoe'. A contact has:" in str(caught.value)


def test_a_header_without_addresses_says_what_there_is():
    with pytest.raises(ImportFileError, match="which of 'name', 'phone' is it"):
        read_header(["name", "phone"], SPECS, ignore_unknown=True)


def test_a_cell_that_says_nothing_is_no_value():
    (row,) = read(["email", "name", "points", "language"], ["a@example.com", " ", "", "\t"])
    assert isinstance(row, PersonRow)
    assert (row.attributes, row.language) == ({}, None)


def test_values_have_their_declared_types():
    header = ["email", "points", "member", "interests"]
    (row,) = read(header, ["a@example.com", "1.5", "No", "a; b"])
    assert isinstance(row, PersonRow)
    assert row.attributes == {"points": 1.5, "member": False, "interests": ["a", "b"]}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["a@example.com", "x", "", ""], "points: 'x' is not a number"),
        (["a@example.com", "", "english", ""], "language: 'english' is no language tag"),
        (["a@example.com", "", "", "Europe/Olso"], "did you mean 'Europe/Oslo'?"),
        (["a@example.com", "", "", "Mars"], "write it like Europe/Oslo"),
        (["a@example.com", ""], "has 2 cells where the header has 4"),
        (["a@example.com", "", "", "", "x"], "has 5 cells where the header has 4"),
        (["abuse@example.com", "", "", ""], "it needs a double opt-in"),
        (["nobody", "", "", ""], "'nobody' is no email address"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line(cells, words):
    (row,) = read(["email", "points", "language", "time_zone"], cells)
    assert isinstance(row, Rejected)
    assert row.line == 2
    assert words in row.reason


def test_empty_cells_at_the_end_do_not_count():
    (row,) = read(["email", "name"], ["a@example.com", "Anne", "", " "])
    assert isinstance(row, PersonRow)


def test_a_language_is_written_the_usual_way():
    rows = read(["email", "lang"], ["a@example.com", "NB"], ["b@example.com", "en_GB"])
    assert [row.language for row in rows if isinstance(row, PersonRow)] == ["nb", "en-GB"]


def test_offices_are_known_and_some_may_come_in_by_double_opt_in():
    (row,) = read(["email"], ["info@example.com"])
    assert isinstance(row, PersonRow)
    assert row.role is Role.SHARED
    (row,) = read(["email"], ["abuse@example.com"], basis=Basis.DOUBLE_OPT_IN)
    assert isinstance(row, PersonRow)


def test_rows_of_one_person_become_one_and_the_later_speaks():
    rows = read(
        ["email", "name", "points"],
        ["b@example.com", "Bo", "1"],
        ["a@example.com", "Anne", "1"],
        ["A@example.com", "", "2"],
        ["a@EXAMPLE.com", "Anna", ""],
    )
    people = in_order(row for row in rows if isinstance(row, PersonRow))
    assert [person.address.match for person in people] == ["a@example.com", "b@example.com"]
    assert people[0].attributes == {"name": "Anna", "points": 2}
    assert (people[0].line, people[0].rows) == (3, 3)
