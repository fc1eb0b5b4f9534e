"""Verifying the consent ledger, and taking the checkpoints that show a cut-off tail."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailer.model.chain import Checkpoint
from mailer.model.key import KeyRing
from mailer.store.database import Database
from mailer.store.evidence import checkpoint
from mailer.store.ledgercheck import verify_chain
from mailer.store.standingcheck import verify_standing
from mailer.workspace.checkpoints import append_checkpoint, read_checkpoints


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What verifying the ledger found.

    Args:
        entries: How many entries were verified.
        checkpoints: How many of the checkpoints are entries of this ledger.
        wrong: How many things are wrong.
        findings: The first of them in words.
    """

    entries: int
    checkpoints: int
    wrong: int
    findings: tuple[str, ...]


def take_checkpoint(database: Database, path: str, now: datetime) -> Checkpoint:
    """Write down how far the ledger is, outside the database.

    Args:
        path: The file of checkpoints.
    """
    with database.read() as connection:
        taken = checkpoint(connection, now)
    append_checkpoint(path, taken)
    return taken


def verify_ledger(
    database: Database,
    ring: KeyRing,
    path: str | None,
    on_progress: Callable[[int], object] = lambda _: None,
) -> LedgerReport:
    """Verify every entry, every checkpoint, and every subscription against the ledger.

    Args:
        path: The file of checkpoints; None asks for none.
        on_progress: Called with how many entries were read so far, over two passes.

    Raises:
        WorkspaceError: when the file of checkpoints does not parse.
    """
    checkpoints = () if path is None else read_checkpoints(path)
    chain = verify_chain(database, ring, checkpoints, on_progress)
    entries = chain.last[0]
    standing = verify_standing(database, lambda read: on_progress(entries + read))
    return LedgerReport(
        entries,
        chain.checkpoints_met,
        chain.findings.count + standing.count,
        (*chain.findings.named, *standing.named),
    )
