"""A program that dies in the middle of erasing somebody leaves nothing of her."""

import pytest
from journey.program import Shop, relay, until

from mailer.jobs.logbook import say_no
from mailer.model.consent import How, SuppressionReason
from mailer.model.no import No, NoAct
from mailer.model.suppression import Suppression
from mailer.store.contacts import find_contact
from mailer.store.suppressions import suppress
from mailer.wiring import open_workspace, utc_now

KARI = "kari@example.com"


def begin_to_erase(shop: Shop) -> None:
    """Do what `contact erase` does before its first slice, and no more."""
    with open_workspace(str(shop.folder)) as workspace:
        hashed, now = workspace.ring.suppression_hash(KARI), utc_now()
        reason = SuppressionReason.ERASED
        no = No(NoAct.ERASED, hashed, "marketing", reason, now, How.SUPPORT)
        with say_no(workspace.database, workspace.logbook, [no]) as connection:
            one = Suppression("marketing", reason, now, None, "by request")
            suppress(connection, hashed, one)


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_serve_goes_on_with_an_erasure_that_was_cut_off(
    shop: Shop, database_url: str
) -> None:
    with relay() as taken:
        on_sqlite = database_url.startswith("sqlite")
        shop.make(taken.port, database="sqlite:///mailer.db" if on_sqlite else database_url)
        shop.import_people([f"{KARI},Kari", "ola@example.com,Ola"])
        begin_to_erase(shop)
        assert "is contact" in shop.run("contact", "show", KARI)
        serve = shop.start()

        def gone() -> bool:
            with (
                open_workspace(str(shop.folder)) as workspace,
                workspace.database.read() as connection,
            ):
                return find_contact(connection, KARI) is None

        until(gone, "nothing is known of her any more")
        shop.run("db", "verify")
        assert "is contact" in shop.run("contact", "show", "ola@example.com")
        serve.process.terminate()
        assert serve.ended() == 0, serve.log
