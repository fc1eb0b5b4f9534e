"""`restore-drill`: back up, send, people leave, bring the backup back, go on."""

import shutil
import time
from collections import Counter
from pathlib import Path

from bench.figures import Figure, compared, require
from journey.program import Relay, Shop, one_click, relay, unsubscribe_link

from mailer.jobs.erase import erase
from mailer.wiring import open_workspace, utc_now

NAMES = ("restore-drill",)
_NEXT = 2001
"""The first campaign whose number was surely not given before."""


def run(folder: Path, scale: float) -> list[Figure]:
    """Send 5,000, let 100 leave and erase 10, restore, and send to the rest."""
    people, leave, erased = max(200, int(5_000 * scale)), 100, 10
    shop = Shop(folder / "drill")
    try:
        with relay() as taken:
            return [_drill(shop, taken, people, leave, erased)]
    finally:
        shop.end()


def _drill(shop: Shop, taken: Relay, people: int, leave: int, erased: int) -> Figure:
    everyone = [f"p{number}@example.com" for number in range(people)]
    gone = set(everyone[: leave + erased])
    shop.make(taken.port, relay={"connections": 8})
    shop.import_people([f"{address},Person" for address in everyone])
    templates = shop.folder / "templates" / "mail"
    for name in ("winter-sale", "spring-sale"):
        shutil.copytree(templates / "autumn-sale", templates / name)
    _start(shop, "autumn-sale")
    backup = shop.folder / "backup.db"
    shop.run("db", "backup", str(backup))
    serve = shop.start()
    shop.until_finished(1, 300)
    _start(shop, "winter-sale")
    shop.until_finished(2, 300)
    first = {letter.recipient: letter for letter in taken.letters}
    for address in everyone[:leave]:
        require(one_click(unsubscribe_link(first[address])) == 200, "who left was heard")
    with open_workspace(str(shop.folder)) as workspace:
        for address in everyone[leave : leave + erased]:
            erase(workspace.database, workspace.logbook, address, "Ola", utc_now)
    serve.kill()
    shop.close_database()
    began = time.monotonic()
    shop.run("db", "restore", str(backup))
    took_s = time.monotonic() - began
    shop.start()
    for number in ("1", "2"):
        shop.run("campaign", "resume", number)
    _start(shop, "spring-sale")
    shop.until_finished(_NEXT, 300)
    return _judged(shop, taken, everyone, gone, took_s)


def _judged(
    shop: Shop, taken: Relay, everyone: list[str], gone: set[str], took_s: float
) -> Figure:
    people = len(everyone)
    copies = Counter(letter.recipient for letter in taken.letters)
    doubled = sum(copies[address] > 3 for address in everyone if address not in gone)
    written = sum(copies[address] > 2 for address in gone)
    require(set(taken.copies.values()) == {1}, "no Message-ID came twice")
    require(
        shop.counts(_NEXT) == {"accepted": people - len(gone)}, "those who stayed got it"
    )
    note = (
        f"{people:,} people, {len(gone)} left or were erased: {doubled} written to twice,"
        f" {written} who left written to; the restore took {took_s:.1f} s"
    )
    return Figure(
        NAMES[0], doubled + written, "wrongly written to", people,
        compared(doubled + written, people), "0", doubled + written == 0, note,
    )  # fmt: skip


def _start(shop: Shop, template: str) -> None:
    shop.run("campaign", "start", template, "--list", "newsletter", "--yes")
