"""An import that is killed, again and again, loses nobody and doubles nobody."""

import csv
import json
import random
import subprocess
from contextlib import closing

import pytest
from journey.program import MAILER, Shop, until

from mailer.config.places import places_of
from mailer.store.batches import get_batch
from mailer.wiring import database_of, settings_of

ROWS = 24_000
KILLS = 4


def write_people(path):
    """Write people, of whom some are there twice and some cannot be imported."""
    chance = random.Random(7)
    names = [f"person{number}@example.com" for number in range(ROWS - 300)]
    names += chance.sample(names, 200)
    names += [f"nobody {number}" for number in range(100)]
    chance.shuffle(names)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("email", "name", "points"))
        writer.writerows(
            (name, f"Person {place}", place) for place, name in enumerate(names)
        )


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_a_killed_import_goes_on_and_ends_as_if_nothing_had_been(
    shop: Shop, database_url: str
):
    shop.make(1, database=database_url)
    file = shop.folder / "people.csv"
    write_people(file)
    order = (
        "contact", "import", str(file), "--list", "newsletter", "--basis", "express",
        "--source", "stall", "--no-refusals",
    )  # fmt: skip
    program = [*MAILER, "-w", str(shop.folder), *order]
    settings = settings_of(str(shop.folder))
    with closing(database_of(places_of(str(shop.folder), settings))) as database:

        def rows_done():
            with database.read() as connection:
                batch = get_batch(connection, 1)
            return 0 if batch is None else batch.rows_done

        for kill in range(1, KILLS + 1):
            process = subprocess.Popen(
                program, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            begun = rows_done()
            until(
                lambda begun=begun: rows_done() > begun,
                f"run {kill} has imported some",
                every_s=0.002,
            )
            process.kill()
            _, problems = process.communicate()
            assert problems == ""
            assert rows_done() < ROWS, "killed too late: the file is too short"
        result = json.loads(shop.run(*order, "--json"))
        assert result["resumed"]
        assert rows_done() == ROWS
    # Somebody who comes again in another piece of the file may have changed since.
    result["counts"].pop("changed", None)
    assert result["counts"] == {"added": ROWS - 300, "again": 200, "rejected": 100}
    with (shop.folder / "people.rejected.csv").open(encoding="utf-8-sig") as opened:
        rejected = list(csv.DictReader(opened))
    lines = [int(row["rejected_line"]) for row in rejected]
    assert len(set(lines)) == len(lines) == 100
    exported = shop.run("contact", "export", "--list", "newsletter").splitlines()
    assert len(exported) == len(set(exported)) == ROWS - 300 + 1
    assert "yes" in shop.run("db", "verify")
