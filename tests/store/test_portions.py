"""What senders may hand out of letters to domains that stand in no file: together."""

from datetime import datetime, timedelta

from sending import claimed, now

from mailer.jobs.portions import Portions
from mailer.jobs.shaper import Shaper
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.pace.shaping import Standing
from mailer.store.database import Database
from mailer.store.providerstates import keep_states, provider_states

DOMAIN = "example.com"


class OneSender:
    """What one of several senders knows, at a fixed moment."""

    def __init__(self, database: Database, at: datetime) -> None:
        self.database = database
        self.at = at
        shaper = Shaper(lambda: at)
        with database.write() as connection:
            shaper.write_down(connection, at)
        self.portions = Portions(shaper)

    def hold(self, claims: list[Claim]) -> tuple[list[Claim], dict[int, datetime]]:
        going, waiting = self.portions.hold(self.database, claims, self.at)
        return going, {claim.id: until for claim, until in waiting}


def learnt(database: Database, standing: Standing, at: datetime) -> None:
    with database.write() as connection:
        keep_states(connection, {DOMAIN: standing}, at)


def test_a_domain_in_no_file_is_tried_with_one_letter_of_all_senders(
    database: Database, ring: KeyRing
) -> None:
    claims, at = claimed(database, ring, 6), now()
    rested = at - timedelta(minutes=1)
    over = Standing(broken=True, rests=1, rest_until=rested, slowed_at=rested, mark="450")
    learnt(database, over, at)
    one, other = OneSender(database, at), OneSender(database, at)
    going, waiting = one.hold(claims[:3])
    assert len(going) == 1
    assert len(waiting) == 2
    with database.read() as connection:
        probed = provider_states(connection)[DOMAIN]
    going, waiting = other.hold(claims[3:])
    assert not going
    assert set(waiting.values()) == {probed.probe_until}
    # Its answer is everybody's.
    learnt(database, Standing(slowed_at=rested, mark="450"), at)
    going, waiting = other.hold(claims[3:])
    assert len(going) == 3
    assert not waiting


def test_a_rate_learnt_of_a_domain_in_no_file_is_that_of_all_senders(
    database: Database, ring: KeyRing
) -> None:
    claims, at = claimed(database, ring, 8), now()
    learnt(database, Standing(per_second=0.5, slowed_at=at, mark="450"), at)
    one, other = OneSender(database, at), OneSender(database, at)
    going, waiting = one.hold(claims[:4])
    assert len(going) == 1
    assert sorted(waiting.values()) == [at + timedelta(seconds=s) for s in (2, 4, 6)]
    going, waiting = other.hold(claims[4:])
    assert not going
    assert min(waiting.values()) == at + timedelta(seconds=2)
