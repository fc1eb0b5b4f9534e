"""Files of people: read as they come, written so that nothing runs."""

import csv
import io
import os
from dataclasses import replace

import pytest

from mailer.errors import ImportFileError, RefusedError
from mailer.workspace import csvfiles
from mailer.workspace.csvfiles import held, records, require_unchanged, survey
from mailer.workspace.csvout import RejectedFile, csv_lines


@pytest.fixture
def write(tmp_path):
    def to_file(content):
        path = tmp_path / "people.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return to_file


def rows(path, skip=0):
    return list(records(survey(path), skip))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_says_what_stands_between_cells(write, delimiter):
    path = write(delimiter.join(("email", '"a, b; c"', "x")) + "\n")
    assert survey(path).delimiter == delimiter
    assert survey(path).header == ("email", "a, b; c", "x")


def test_one_column_needs_nothing_between():
    assert csvfiles._delimiter("email\n") == ","


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_like(write, end):
    path = write(end.join(("email", "a@x.no", "b@x.no")))
    assert [cells for _, cells, _ in rows(path)] == [["a@x.no"], ["b@x.no"]]


def test_a_byte_order_mark_is_no_part_of_the_header(write):
    assert survey(write("\ufeffemail\na@x.no\n")).header == ("email",)


def test_blank_lines_are_no_rows_and_lines_are_counted_as_editors_do(write):
    path = write('email,name\n\na@x.no,"two\nlines"\n\nb@x.no,\n')
    assert rows(path) == [(3, ["a@x.no", "two\nlines"], ""), (6, ["b@x.no", ""], "")]
    assert survey(path).rows == 2
    assert rows(path, skip=1) == [(6, ["b@x.no", ""], "")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoted", ['"x"', "x"])
def test_rows_are_counted_alike_with_and_without_quotation_marks(write, end, quoted):
    lines = [
        "",
        "email,name",
        "",
        f"a@x.no,{quoted}",
        " ",
        "",
        ",",
        f"{'y' * 200_000},y",
        "",
    ]
    path = write(end.join(lines))
    assert survey(path).rows == len(rows(path)) == 4


def test_a_row_that_is_no_csv_does_not_take_the_next_one_along(write):
    path = write('email,name\na@x.no,"A" b\nb@x.no,B\n')
    (line, cells, problem), good = rows(path)
    assert (line, cells) == (2, [])
    assert "is not CSV" in problem
    assert good == (3, ["b@x.no", "B"], "")


def test_a_long_line_is_left_out_wherever_it_stands(write, monkeypatch):
    monkeypatch.setattr(csvfiles, "MAX_LINE", 20)
    path = write(f'email,name\n{"x" * 50},y\na@x.no,"b\n{"y" * 50}\nc"\nd@x.no,D\n')
    found = rows(path)
    assert [(line, problem[:14]) for line, _, problem in found] == [
        (2, "is longer than"),
        (3, "is longer than"),
        (6, ""),
    ]


def test_the_hash_is_that_of_the_bytes(write):
    first = survey(write("email\na@x.no\n"))
    assert survey(write("email\nb@x.no\n")).hash != first.hash
    assert survey(write("email\na@x.no\n")).hash == first.hash


def test_a_file_that_changes_while_it_is_read_is_noticed(write):
    file = survey(write("email\na@x.no\n"))
    require_unchanged(file)
    write("email\na@x.no\nb@x.no\n")
    with pytest.raises(ImportFileError, match="was changed while it was read"):
        require_unchanged(file)


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(ImportFileError, match="No such file"):
        survey(str(tmp_path / "none.csv"))


def test_a_file_whose_name_is_in_another_encoding_is_read_and_its_name_shown(tmp_path):
    path = os.fsdecode(bytes(tmp_path) + "/Kunder på øya.csv".encode("cp1252"))
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - its bytes are the point
        file.write("email\na@x.no\n")
    found = survey(path)
    assert found.name == "Kunder p� �ya.csv"
    assert [cells for _, cells, _ in records(found)] == [["a@x.no"]]


def test_one_program_at_a_time_imports_a_file(write):
    file = survey(write("email\na@x.no\n"))
    with held(file), pytest.raises(RefusedError, match="another program"), held(file):
        pass
    with held(file):
        pass


FORMULAS = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_a_spreadsheet_would_run_is_written_as_text_and_read_back(write, formula):
    text = "".join(csv_lines([["email", "name"], ["a@x.no", formula]]))
    (written,) = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert written[1].replace("'", "") == formula
    assert written[1].startswith("'")
    assert rows(write(text)) == [(2, ["a@x.no", formula], "")]


@pytest.mark.parametrize("number", ["-5", "+4712345678", "-1.5", "3,5"])
def test_a_number_is_no_formula(number):
    assert next(csv_lines([[number, "x"]], ";")) == f"{number};x\r\n"


def test_an_apostrophe_of_a_name_stays(write):
    path = write("email,name\na@x.no,'s Gravenmade\nb@x.no,'=1\n")
    assert [cells[1] for _, cells, _ in rows(path)] == ["'s Gravenmade", "=1"]


def test_rejected_rows_keep_their_cells_whatever_their_number(write, tmp_path):
    file = survey(write("email;name\na;b\n"))
    rejected = RejectedFile(file, 0)
    rejected.write([])
    assert not (tmp_path / "people.rejected.csv").exists()
    rejected.write([(2, "why", ["a"]), (3, "=why", ["a", "b", "c"])])
    rejected.close()
    assert (tmp_path / "people.rejected.csv").read_bytes().decode("utf-8-sig") == (
        "email;name;rejected_line;rejected_reason\r\na;;2;why\r\na;b;3;'=why;c\r\n"
    )


def test_what_a_crash_left_behind_in_it_does_not_count(write, tmp_path):
    file = survey(write("email\na\n"))
    rejected = RejectedFile(file, 0)
    rejected.write([(2, "first", ["a"])])
    counted = rejected.size_bytes
    rejected.write([(3, "not committed", ["b"])])
    again = RejectedFile(file, counted)
    again.write([(4, "third", ["c"])])
    lines = (tmp_path / "people.rejected.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["2", "4"]
    rejected.close()
    again.close()
    assert RejectedFile(file, 0).size_bytes == 0
    assert not (tmp_path / "people.rejected.csv").exists()


def test_a_folder_that_cannot_be_written_into_says_so(write):
    file = replace(survey(write("email\na\n")), path="/proc/people.csv")
    rejected = RejectedFile(file, 0)
    with pytest.raises(ImportFileError, match="cannot be written"):
        rejected.write([(2, "why", ["a"])])
