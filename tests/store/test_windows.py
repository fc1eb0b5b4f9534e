"""Until when a claim may leave: the window is that of this claim, and of no other."""

from datetime import timedelta

from sending import a_campaign, claimed_of, now

from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.store import due, owners
from mailer.store.database import Database
from mailer.store.groups import Sheet, groups

HOUR = timedelta(hours=1)


def a_sender(database: Database) -> int:
    with database.write() as connection:
        return owners.register(connection, "here", 1, now())


def take_back(database: Database, owner: int) -> None:
    with database.write() as connection:
        owners.take_back(connection, owner, now())


def leave(database: Database, claim: Claim) -> set[int] | None:
    writing = groups(database)
    try:
        return writing.commit(Sheet.of([], [(claim.id, claim.fence)]), now(), None)
    finally:
        writing.close()


def test_a_window_that_ended_holds_no_later_claim(
    database: Database, ring: KeyRing
) -> None:
    """Quiet hours may have been given up meanwhile: then none is written any more."""
    campaign = a_campaign(database, ring, 1)
    first, second = a_sender(database), a_sender(database)
    (claim,) = claimed_of(database, campaign, first)
    with database.write() as connection:
        due.open_until(connection, [(claim.id, claim.fence, now() - HOUR)])
    assert leave(database, claim) == set()
    take_back(database, first)
    (again,) = claimed_of(database, campaign, second)
    assert leave(database, again) == {claim.id}


def test_a_sender_that_comes_too_late_gives_nobodys_claim_a_window(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 1)
    late, other = a_sender(database), a_sender(database)
    (claim,) = claimed_of(database, campaign, late)
    take_back(database, late)
    (current,) = claimed_of(database, campaign, other)
    with database.write() as connection:
        due.open_until(connection, [(current.id, current.fence, now() - HOUR)])
        due.open_until(connection, [(claim.id, claim.fence, now() + HOUR)])
    assert leave(database, current) == set()
