"""A long file is read in a process of its own, and nothing else changes."""

import multiprocessing
from pathlib import Path

import pytest
from people import People
from sqlalchemy import JSON, text

from mailer.errors import ImportFileError
from mailer.jobs import import_reader
from mailer.jobs.import_reader import WORTH_A_PROCESS

ROWS = WORTH_A_PROCESS + 2_000


@pytest.fixture
def people(database, ring, tmp_path):
    return People(database, ring, tmp_path)


def rows():
    """Make rows of which every hundredth is bad and most people come nine times."""
    made = [(f"p{number // 10 * 10}@example.com", number) for number in range(ROWS)]
    made[::10] = [(f"q{number}@example.com", number) for number in range(0, ROWS, 10)]
    made[50::100] = [("nobody", 1)] * len(made[50::100])
    return made


def long_file(people):
    return people.file("email,points", *(f"{who},{points}" for who, points in rows()))


def on_record(people):
    asked = "SELECT match, attributes FROM contact"
    with people.database.read() as connection:
        found = connection.execute(text(asked).columns(attributes=JSON)).all()
    return {row.match: row.attributes["points"] for row in found}


def require_complete(people, result):
    bad = len(rows()[50::100])
    # The last row that says something counts.
    expected = {who: points for who, points in rows() if "@" in who}
    assert on_record(people) == expected
    assert result.counts["added"] == len(expected)
    assert result.counts["rejected"] == bad
    assert result.counts["again"] == ROWS - bad - len(expected)
    assert (
        len(Path(result.rejected_path).read_text(encoding="utf-8").splitlines()) == bad + 1
    )
    assert people.problems() == []
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("worth", [0, ROWS + 1], ids=["own process", "same process"])
def test_a_file_is_read_alike_in_either_process(people, monkeypatch, worth):
    monkeypatch.setattr(import_reader, "WORTH_A_PROCESS", worth)
    path = long_file(people)
    trial = people.run(path, dry_run=True)
    assert on_record(people) == {}
    result = people.run(path)
    require_complete(people, result)
    assert [trial.counts[name] for name in result.counts] == [*result.counts.values()]


def test_a_reader_that_is_killed_is_named_and_the_same_command_goes_on(people):
    path = long_file(people)

    def kill(done, of):
        del of
        if done:
            for reader in multiprocessing.active_children():
                reader.kill()

    with pytest.raises(ImportFileError, match="the same command goes on"):
        people.run(path, kill)
    begun = len(on_record(people))
    result = people.run(path)
    assert result.resumed
    assert begun < len(on_record(people))
    require_complete(people, result)


def test_what_is_wrong_with_a_file_is_said_from_there_too(people):
    path = long_file(people)
    whole = Path(path).read_text(encoding="utf-8")

    def spoil(done, of):
        del done, of
        Path(path).write_text(whole.replace(",7\n", ',"7\n'), encoding="utf-8")

    with pytest.raises(ImportFileError, match="was changed while it was read"):
        people.run(path, spoil)
    assert multiprocessing.active_children() == []
