"""Verifying the ledger: any entry changed, removed or reordered, and a tail cut off.

It is read in pages, so that nobody waits and memory stays flat. An entry's seal holds its
number, its fields and the seal before, so each mistake names the entry that it is in.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from mailer.model.chain import (
    FIRST_MAC,
    Checkpoint,
    Common,
    canonical,
    common_bytes,
    digest,
    personal_bytes,
    seal,
    words_digest,
)
from mailer.model.key import KeyRing, Purpose
from mailer.store.bulk import Row
from mailer.store.columns import from_instant
from mailer.store.database import Database
from mailer.store.evidence import PERSONAL
from mailer.store.ledger import COLUMNS
from mailer.store.tables import LedgerHead, LedgerRow, WordingRow, table

_rows = table(LedgerRow)
_head = table(LedgerHead)
_words = table(WordingRow)
_PAGE = 5_000
_NAMED_FINDINGS = 50
_SHAPES_REMEMBERED = 10_000
_FIRST_COMMON, _FIRST_PERSONAL = 4, COLUMNS.index("who_salt")
_WHAT = dict(
    zip(PERSONAL, ("address", "network address", "browser", "recorder"), strict=True)
)


@dataclass(slots=True)
class Findings:
    """What is wrong, in words; the first 50, and how many there are in all."""

    named: list[str] = field(default_factory=list[str])
    count: int = 0

    def add(self, words: str) -> None:
        """Note one more."""
        self.count += 1
        if len(self.named) < _NAMED_FINDINGS:
            self.named.append(words)


@dataclass(slots=True)
class ChainReport:
    """How the chain was found.

    Args:
        last: The last entry's number and seal, of what was verified.
        checkpoints_met: How many checkpoints are entries of this ledger.
    """

    findings: Findings
    last: tuple[int, bytes] = (0, FIRST_MAC)
    checkpoints_met: int = 0


class _Verifier:
    """Goes through the entries in order and remembers the one before."""

    def __init__(
        self, ring: KeyRing, words: Mapping[tuple[str, int], bytes], report: ChainReport
    ) -> None:
        self._secrets = {key.id: key.secret for key in ring.of(Purpose.LEDGER)}
        self._words = words
        self._report = report
        self._shapes: dict[Row, tuple[bytes, int]] = {}
        self._wrong_words: set[tuple[str, int]] = set()

    def entry(self, row: Row) -> None:
        """Verify one row of `COLUMNS`."""
        number, contact_id, key_id, mac = row[:_FIRST_COMMON]
        before, previous = self._report.last
        self._report.last = (number, mac)
        if number != before + 1:
            lost = (
                f"entry {before + 1}"
                if number == before + 2
                else (f"entries {before + 1} to {number - 1}")
            )
            self._report.findings.add(f"{lost}: missing")
            return
        common, personal = row[_FIRST_COMMON:_FIRST_PERSONAL], row[_FIRST_PERSONAL:]
        secret = self._secrets.get(key_id)
        if secret is None:
            self._report.findings.add(
                f"entry {number}: sealed with key {key_id}, which is not in the key file"
            )
            return
        sealed = personal_bytes(personal[1], personal[4], personal[7], personal[10])
        shape, version = self._shape(common)
        text = canonical(contact_id, key_id, shape, sealed, version)
        if seal(secret, previous, number, text) != mac:
            at = from_instant(common[4]).strftime("%Y-%m-%d %H:%M UTC")
            self._report.findings.add(f"entry {number} of {at}: not as it was written")
        self._personal(number, personal)
        self._words_of(common)

    def _shape(self, common: Row) -> tuple[bytes, int]:
        known = self._shapes.get(common)
        if known is None:
            if len(self._shapes) >= _SHAPES_REMEMBERED:
                self._shapes.clear()
            fields = Common(*common)
            known = self._shapes[common] = (common_bytes(fields), fields.version)
        return known

    def _personal(self, number: int, personal: Row) -> None:
        for place, name in enumerate(PERSONAL):
            salt, given, value = personal[3 * place : 3 * place + 3]
            if salt is None and value is None:
                continue
            if salt is None or value is None or digest(salt, value) != given:
                self._report.findings.add(
                    f"entry {number}: its {_WHAT[name]} is not the one that was recorded"
                )

    def _words_of(self, common: Row) -> None:
        list_id, wording, given = common[:3]
        if given is None or self._words.get((list_id, wording)) == given:
            return
        if (list_id, wording) not in self._wrong_words:
            self._wrong_words.add((list_id, wording))
            self._report.findings.add(
                f"list {list_id}: version {wording} of its words is not on record as people"
                " saw it"
            )


def verify_chain(
    database: Database,
    ring: KeyRing,
    checkpoints: Sequence[Checkpoint],
    on_progress: Callable[[int], object] = lambda _: None,
) -> ChainReport:
    """Verify every entry that there is now, the head, and the checkpoints.

    Args:
        on_progress: Called with how many entries were verified so far.
    """
    with database.read() as connection:
        upto = connection.execute(select(_head.c.number)).scalar() or 0
        words = {
            (row.list_id, row.version): words_digest(row.words)
            for row in connection.execute(select(_words))
        }
    report = ChainReport(Findings())
    verifier = _Verifier(ring, words, report)
    awaited: dict[int, list[Checkpoint]] = {}
    for one in checkpoints:
        awaited.setdefault(one.number, []).append(one)
    for page in _pages(database, upto):
        for row in page:
            verifier.entry(row)
            if row[0] in awaited:
                _meet(report, awaited.pop(row[0]), row[3])
        on_progress(report.last[0])
    _lost_tail(report, awaited)
    _head_agrees(database, report)
    return report


def _pages(database: Database, upto: int) -> Generator[Sequence[Row], None, None]:
    last = 0
    names = ", ".join(f'"{column}"' for column in COLUMNS)
    mark = "?" if database.is_sqlite else "%s"
    page = (
        f"SELECT {names} FROM ledger WHERE number > {mark} AND number <= {mark}"
        f" ORDER BY number LIMIT {_PAGE}"
    )
    while True:
        with database.read() as connection:
            rows = connection.exec_driver_sql(page, (last, upto)).all()
        if not rows:
            return
        yield [tuple(row) for row in rows]
        last = rows[-1][0]


def _meet(report: ChainReport, checkpoints: Iterable[Checkpoint], mac: bytes) -> None:
    for one in checkpoints:
        if one.mac == mac:
            report.checkpoints_met += 1
        else:
            report.findings.add(
                f"entry {one.number}: not the one that the checkpoint of {one.at:%Y-%m-%d}"
                " was taken of"
            )


def _lost_tail(report: ChainReport, awaited: Mapping[int, Sequence[Checkpoint]]) -> None:
    last = report.last[0]
    for number, ones in sorted(awaited.items()):
        for one in ones:
            if number == 0:
                report.checkpoints_met += 1
            elif number > last:
                report.findings.add(
                    f"the ledger ends with entry {last}, but on {one.at:%Y-%m-%d} it had"
                    f" {number}: its end was cut off"
                )


def _head_agrees(database: Database, report: ChainReport) -> None:
    # All in one statement: entries may be appended meanwhile.
    last = select(func.max(_rows.c.number)).scalar_subquery()
    its_mac = select(_rows.c.mac).where(_rows.c.number == _head.c.number).scalar_subquery()
    with database.read() as connection:
        found = connection.execute(
            select(_head.c.number, _head.c.mac, last, its_mac)
        ).first()
        there = connection.execute(select(func.max(_rows.c.number))).scalar()
    if found is None:
        if there:
            report.findings.add("the ledger has no head row")
        return
    number, mac, newest, newest_mac = found
    if number != (newest or 0):
        report.findings.add(
            f"the head says that entry {number} is the last one, but it is {newest or 0}"
        )
    elif number and mac != newest_mac:
        report.findings.add(f"the head is not that of entry {number}")
