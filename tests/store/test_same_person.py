"""Two letters to a person at the same moment, from two programs: one sees the other."""

import threading
from datetime import timedelta

import pytest
from sending import another_campaign, claimed, claimed_of, now, rows
from sqlalchemy import select, update

from mailer.model.frequency import Frequency
from mailer.model.key import KeyRing
from mailer.store.claims import Cap
from mailer.store.database import Database
from mailer.store.frequencies import choose_frequency
from mailer.store.groups import Sheet, groups
from mailer.store.tables import ContactRow, DeliveryRow, FrequencyRow, table

DELIVERY, CONTACT, FREQUENCY = table(DeliveryRow), table(ContactRow), table(FrequencyRow)


@pytest.mark.parametrize("chosen", [False, True])
def test_a_letter_waits_for_another_to_the_same_person_that_is_leaving(
    database: Database, ring: KeyRing, *, chosen: bool
) -> None:
    """The cap is the workspace's, or the person's own choice of one letter a week."""
    (one,) = claimed(database, ring, 1)
    (row,) = rows(database)
    (two,) = claimed_of(database, another_campaign(database, row.cause_id), row.owner_id)
    cap = None if chosen else Cap(1, now() - timedelta(days=7))
    if chosen:
        with database.write() as connection:
            choose_frequency(connection, 1, Frequency.WEEKLY, now())
    who = FREQUENCY.c.contact_id if chosen else CONTACT.c.id
    writing = groups(database)
    left: list[set[int] | None] = []
    sheet = Sheet.of([], [(one.id, one.fence)])
    thread = threading.Thread(target=lambda: left.append(writing.commit(sheet, now(), cap)))
    with database.write() as connection:
        # As another program's group does, of which this one knows nothing.
        connection.execute(select(who).where(who == 1).with_for_update(key_share=True))
        connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.id == two.id)
            .values(state="sending", left_at=now())
        )
        thread.start()
        # It cannot end before we do, however long that takes.
        thread.join(0.2)
        assert left == []
    thread.join()
    writing.close()
    assert left == [set()]
