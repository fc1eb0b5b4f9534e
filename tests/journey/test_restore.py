"""The drill: back up, send, people leave, bring the backup back, go on."""

import shutil
from pathlib import Path

from journey.program import Relay, Shop, one_click, relay, unsubscribe_link

PEOPLE = 120
LEFT = [f"p{n}@example.com" for n in range(1, 11)]
PHONED = "p11@example.com"
REFUSED = "p12@example.com"
GONE = {*LEFT, PHONED, REFUSED}
NEXT = 2001
"""The first campaign whose number was surely not given before."""

START = ("campaign", "start")
TO = ("--list", "newsletter", "--yes")


def another_template(shop: Shop, name: str) -> None:
    templates = shop.folder / "templates" / "mail"
    shutil.copytree(templates / "autumn-sale", templates / name)


def prepared(shop: Shop, port: int) -> Path:
    """Make a shop with three campaigns to send, begin one, and back up."""
    shop.make(port)
    shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, PEOPLE + 1)])
    another_template(shop, "winter-sale")
    another_template(shop, "spring-sale")
    shop.run(*START, "autumn-sale", *TO)
    backup = shop.folder / "backups" / "monday.db"
    shop.run("db", "backup", str(backup))
    return backup


def some_leave(shop: Shop, taken: Relay) -> None:
    for address in LEFT:
        assert one_click(unsubscribe_link(taken.of(address)[0])) == 200
    withdraw = ("consent", "withdraw", PHONED, "--list", "newsletter")
    shop.run(*withdraw, "--how", "phone", "--by", "Ola")
    shop.run("suppression", "add", REFUSED, "--reason", "complained", "--by", "Ola")


def lose_the_disk(shop: Shop) -> None:
    """Leave only the backup and the logbook."""
    shop.close_database()
    for file in shop.folder.glob("mailer.db*"):
        if file.is_file():
            file.unlink()


def bring_back(shop: Shop, backup: Path) -> None:
    would = shop.run("db", "restore", str(backup), "--dry-run")
    assert "12 of them were not in the backup" in would
    assert not (shop.folder / "mailer.db").exists()
    told = shop.run("db", "restore", str(backup))
    assert f"campaign 1 (autumn-sale) is paused; {PEOPLE} letters are in doubt" in told
    stay = PEOPLE - len(GONE)
    since = "campaign 2 (winter-sale, begun after the backup) is paused"
    assert f"{since}; {stay} letters are in doubt" in told
    assert "brought back" in shop.run("alarm", "list")
    assert shop.run("db", "verify", "--json").count('"holds": true') == 4


def test_after_a_restore_nobody_is_written_to_twice_and_nobody_who_left(shop: Shop) -> None:
    with relay() as taken:
        # Campaign 1 is on its way when the backup is made, campaign 2 begins after it.
        backup = prepared(shop, taken.port)
        serve = shop.start()
        shop.until_finished(1)
        shop.run(*START, "winter-sale", *TO)
        shop.until_finished(2)
        some_leave(shop, taken)
        refused = shop.run("db", "restore", str(backup), status=2)
        assert "another mailer works in this workspace" in refused
        serve.kill()
        lose_the_disk(shop)
        bring_back(shop, backup)

        # Go on: resume all, start another one, and ask for the same again.
        shop.start()
        for number in ("1", "2"):
            shop.run("campaign", "resume", number)
        again = shop.run(*START, "winter-sale", *TO, status=2)
        assert "as campaign 2" in again
        shop.run(*START, "spring-sale", *TO)
        shop.until_finished(NEXT)
        assert shop.counts(NEXT) == {"accepted": PEOPLE - len(GONE)}
        assert shop.counts(1) == {"in_doubt": PEOPLE}
        # Who left is not even sent again by mistake.
        told = shop.run("campaign", "resolve", "1", "--all", "--as", "again", "--dry-run")
        assert f"{PEOPLE - len(GONE)} would be queued again" in told

    everyone = [letter.recipient for letter in taken.letters]
    stayed = {f"p{n}@example.com" for n in range(1, PEOPLE + 1)} - GONE
    assert all(everyone.count(address) == 3 for address in stayed)
    assert all(everyone.count(address) == 2 for address in GONE)
    # No Message-ID was used for two letters, whatever was lost.
    assert set(taken.copies.values()) == {1}
    assert len(taken.copies) == len(everyone)


def test_a_backup_that_is_none_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    with relay() as taken:
        shop.make(taken.port)
    before = (shop.folder / "mailer.db").read_bytes()
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database" * 1000)
    words = shop.run("db", "restore", str(broken), status=2)
    assert "take another backup" in words
    assert "there is no backup" in shop.run("db", "restore", "nowhere.db", status=2)
    assert (shop.folder / "mailer.db").read_bytes() == before
    assert list(shop.folder.glob("mailer.db.restoring*")) == []
