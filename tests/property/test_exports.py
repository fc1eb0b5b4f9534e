"""What is exported holds no formula, and comes back with the same values."""

import re
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from mailer.audience.header import read_header
from mailer.audience.rows import PersonRow, RowReader
from mailer.jobs.export_contacts import Exported, as_csv
from mailer.model.attributes import AttributeSpec, AttributeType, coerce
from mailer.model.consent import Basis
from mailer.model.contact import Contact
from mailer.workspace.csvfiles import records, survey
from mailer.workspace.csvout import csv_lines

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SPECS = {
    spec.name: spec
    for spec in (
        AttributeSpec("note", AttributeType.TEXT),
        AttributeSpec("points", AttributeType.NUMBER),
        AttributeSpec("interests", AttributeType.TEXTS),
    )
}
NASTY = st.text(alphabet=st.sampled_from("=+-@'\"\t;,|ab1 \uff1d"), max_size=12)
SIGNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def values(note, points, interests):
    """Keep what an import could have brought."""
    found = {"points": points}
    for name, text in (("note", note), ("interests", ";".join(interests))):
        try:
            found[name] = coerce(SPECS[name], text)
        except ValueError:
            continue
    return found


@given(NASTY, st.floats(-1e15, 1e15).map(lambda one: round(one, 5)), st.lists(NASTY))
def test_contacts_come_back_as_they_were(tmp_path_factory, note, points, interests):
    try:
        known = values(note, coerce(SPECS["points"], f"{points:.5f}"), interests)
    except ValueError:
        return
    address = "=cmd+x@example.com"
    contact = Contact(1, address, b"h" * 16, address, known, "nb", None, NOW, NOW)
    path = tmp_path_factory.mktemp("export") / "people.csv"
    text = "".join(as_csv([Exported(contact, None)], SPECS))
    path.write_text(text, encoding="utf-8", newline="")
    file = survey(str(path))
    columns = read_header(file.header, SPECS, ignore_unknown=False)
    reader = RowReader(columns, Basis.EXPRESS, frozenset())
    ((line, cells, problem),) = records(file)
    assert not problem
    row = reader.read(line, cells)
    assert isinstance(row, PersonRow)
    assert row.address.given == address
    assert row.attributes == known


LINES = st.text(alphabet=st.sampled_from("=+-@'\"\t;,|ab1 \uff1d\r\n"), max_size=12)
DELIMITERS = st.sampled_from(",;\t|")


@given(st.lists(LINES, min_size=1, max_size=4), DELIMITERS, DELIMITERS)
@example(["Ola", 'x;"=1+1;y'], ",", ";")
@example(["Ola", "x\n=1+1|y"], ",", ";")
def test_no_cell_begins_as_a_formula_wherever_a_spreadsheet_splits(cells, written, split):
    (line,) = csv_lines([cells], written)
    signs = tuple(one for one in SIGNS if one != written)
    for cell in re.split(rf"[{split}\r\n]", line):
        bare = cell.strip('"')
        is_number = bare.lstrip("+-").replace(".", "", 1).replace(",", "", 1).isdigit()
        assert is_number or not bare.startswith(signs), line


@given(st.lists(LINES, min_size=2, max_size=4), st.sampled_from(",;\t|"))
def test_cells_of_several_lines_come_back_as_they_were(tmp_path_factory, cells, delimiter):
    path = tmp_path_factory.mktemp("rows") / "people.csv"
    text = "".join(csv_lines([["a"] * len(cells), cells], delimiter))
    path.write_text(text, encoding="utf-8", newline="")
    file = survey(str(path), delimiter=delimiter)
    assert [cells for _, cells, _ in records(file)] == [cells]
