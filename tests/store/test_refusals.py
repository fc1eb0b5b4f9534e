"""Refusals on both databases: imported, never weakened, lifted only where staff may."""

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from people import NEWS, NOW, People

from mailer.errors import ImportFileError, NotFoundError, RefusedError
from mailer.jobs import suppressions as jobs
from mailer.jobs.import_refusals import RefusalOrder, import_refusals
from mailer.jobs.requests import Request, record
from mailer.jobs.suppressions import Lifting
from mailer.model.consent import Act, SubscriptionStatus, SuppressionReason
from mailer.model.suppression import Suppression, list_scope
from mailer.store.evidence import evidence_of
from mailer.store.suppressions import suppressions_of

UNSUBSCRIBED = SuppressionReason.UNSUBSCRIBED
BOUNCED = SuppressionReason.BOUNCED
OSLO = ZoneInfo("Europe/Oslo")


class Shop(People):
    """People, and files of those who must not get mail."""

    def refuse(self, path, reason=UNSUBSCRIBED, scope="marketing", **more):
        order = RefusalOrder(path, reason, scope, **more)
        return import_refusals(self.database, self.logbook, order, OSLO, self.clock)

    def held(self, match):
        with self.database.read() as connection:
            hashed = self.ring.suppression_hash(match)
            return suppressions_of(connection, hashed)

    def acts(self, match):
        contact = self.contact(match)
        with self.database.read() as connection:
            return [one.act for one in evidence_of(connection, contact.id)]

    def add(self, address, reason=SuppressionReason.MANUAL, scope="marketing"):
        one = Suppression(scope, reason, self.clock(), None, "by hand")
        return jobs.add(self.database, self.logbook, address, one, "Ola")

    def lift(self, address, scope=None, **more):
        lifting = Lifting(scope, "Ola")
        return jobs.lift(
            self.database, self.logbook, address, lifting, self.clock(), **more
        )

    def exported(self, name="export.csv"):
        path = self.folder / name
        lines = jobs.as_csv(jobs.export(self.database), self.ring)
        path.write_text("".join(lines), encoding="utf-8", newline="")
        return str(path)


@pytest.fixture
def shop(database, ring, tmp_path):
    return Shop(database, ring, tmp_path)


def test_who_unsubscribed_elsewhere_leaves_and_no_import_brings_her_back(shop):
    shop.run(shop.file("email", "a@example.com", "b@example.com"))
    result = shop.refuse(
        shop.file("email", "A@Example.com", "c@example.com", name="no.csv")
    )
    assert result.counts == {"added": 2, "left": 1}
    assert shop.on_list("a@example.com").status is SubscriptionStatus.UNSUBSCRIBED
    assert shop.acts("a@example.com") == [Act.GRANTED, Act.WITHDRAWN]
    again = shop.run(shop.file("email", "a@example.com", "c@example.com", name="more.csv"))
    assert again.counts == {"suppressed": 2}
    assert shop.contact("c@example.com") is None
    assert shop.problems() == []


def test_a_bounce_stops_letters_and_says_nothing_about_what_she_wants(shop):
    shop.run(shop.file("email", "a@example.com"))
    result = shop.refuse(shop.file("email", "a@example.com", name="no.csv"), BOUNCED)
    assert result.counts == {"added": 1}
    assert shop.on_list("a@example.com").status is SubscriptionStatus.SUBSCRIBED
    assert shop.acts("a@example.com") == [Act.GRANTED]


def test_a_file_for_one_list_stops_that_list_only(shop):
    shop.refuse(shop.file("email", "a@example.com"), scope=list_scope(NEWS.id))
    assert [one.scope for one in shop.held("a@example.com")] == ["list:news"]


def test_importing_again_changes_nothing_and_weakens_nothing(shop):
    path = shop.file("email", "a@example.com", "b@example.com")
    shop.refuse(path, SuppressionReason.COMPLAINED)
    before = shop.held("a@example.com")
    again = shop.refuse(path, BOUNCED)
    assert again.counts == {"already": 2}
    assert shop.held("a@example.com") == before


def test_a_weightier_reason_is_kept(shop):
    path = shop.file("email", "a@example.com")
    shop.refuse(path, BOUNCED)
    assert shop.refuse(path).counts == {"changed": 1}
    assert shop.held("a@example.com")[0].reason is UNSUBSCRIBED


@pytest.mark.parametrize(
    "lines",
    [("a@example.com", "b@example.com"), ("12,a@example.com", "13,b@example.com")],
    ids=["addresses alone", "a column of them"],
)
def test_a_file_needs_no_header(shop, lines):
    result = shop.refuse(shop.file(*lines))
    assert (result.rows, result.counts) == (2, {"added": 2})


def test_a_file_without_addresses_is_refused(shop):
    with pytest.raises(ImportFileError, match="which of 'name', 'city' is it"):
        shop.refuse(shop.file("name,city", "Kari,Oslo"))


def test_a_bad_row_is_reported_and_the_others_go_on(shop):
    result = shop.refuse(shop.file("email", "nobody", "a@example.com"))
    assert result.counts == {"rejected": 1, "added": 1}
    assert result.first_rejected[0][0] == 2
    assert shop.held("a@example.com")


def test_a_dry_run_says_the_same_and_changes_nothing(shop):
    shop.run(shop.file("email", "a@example.com"))
    path = shop.file("email", "a@example.com", "b@example.com", "nobody", name="no.csv")
    trial = shop.refuse(path, dry_run=True)
    assert shop.held("a@example.com") == []
    assert trial.rejected_path is None
    assert shop.refuse(path).counts == trial.counts


def test_a_reason_has_to_be_given(shop):
    with pytest.raises(RefusedError, match="--reason unsubscribed"):
        shop.refuse(shop.file("email", "a@example.com"), None)


def test_an_import_that_was_cut_off_is_run_again(shop, monkeypatch):
    path = shop.file("email", *(f"p{number}@example.com" for number in range(600)))
    seen = []

    def stop(done, _):
        seen.append(done)
        raise KeyboardInterrupt

    order = RefusalOrder(path, UNSUBSCRIBED, "marketing")
    with pytest.raises(KeyboardInterrupt):
        import_refusals(shop.database, shop.logbook, order, OSLO, shop.clock, stop)
    result = shop.refuse(path)
    assert result.counts == {"already": seen[0], "added": 600 - seen[0]}


def test_an_export_comes_back_as_it_was(shop):
    shop.run(shop.file("email", "a@example.com", "b@example.com"))
    shop.refuse(shop.file("email", "a@example.com", "gone@example.com", name="no.csv"))
    shop.add("b@example.com", scope="list:news")
    known = {"a@example.com", "b@example.com", "gone@example.com"}
    before = {match: shop.held(match) for match in known}
    text = Path(shop.exported()).read_text(encoding="utf-8")
    assert "gone@example.com" not in text
    assert "a@example.com" in text
    with shop.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM suppression")
    path = shop.exported("nothing.csv")
    assert len(Path(path).read_text(encoding="utf-8").splitlines()) == 1
    result = shop.refuse(str(shop.folder / "export.csv"), None)
    assert result.counts["added"] == 3
    assert {match: shop.held(match) for match in known} == before


def test_an_export_of_another_workspace_says_nothing_here(shop):
    shop.refuse(shop.file("email", "gone@example.com"))
    path = shop.folder / "export.csv"
    shop.exported()
    mark = shop.ring.write_hash(b"x" * 16).partition("-")[0]
    text = path.read_text(encoding="utf-8").replace(mark, "00000000")
    path.write_text(text, encoding="utf-8")
    result = shop.refuse(str(path), None)
    assert result.counts == {"rejected": 1}
    assert "not of this workspace" in result.first_rejected[0][1]


def test_our_own_export_takes_no_reason(shop):
    with pytest.raises(RefusedError, match="its own reasons"):
        shop.refuse(shop.exported(), UNSUBSCRIBED)


def test_what_staff_put_there_staff_can_lift(shop):
    shop.run(shop.file("email", "a@example.com"))
    shop.add("a@example.com")
    assert shop.lift("A@example.com", dry_run=True).lifted
    assert shop.held("a@example.com")
    done = shop.lift("a@example.com")
    assert [one.reason for one in done.lifted] == [SuppressionReason.MANUAL]
    assert shop.held("a@example.com") == []
    assert shop.acts("a@example.com") == [Act.GRANTED, Act.LIFTED]
    assert shop.on_list("a@example.com").status is SubscriptionStatus.SUBSCRIBED
    assert shop.problems() == []


@pytest.mark.parametrize(
    "reason",
    sorted(set(SuppressionReason) - {SuppressionReason.MANUAL, BOUNCED}),
)
def test_what_a_person_said_is_never_lifted(shop, reason):
    shop.add("a@example.com", reason)
    with pytest.raises(RefusedError, match="only the person"):
        shop.lift("a@example.com")
    assert shop.held("a@example.com")


def test_a_no_on_top_of_a_bounce_is_what_counts(shop):
    shop.run(shop.file("email", "a@example.com"))
    shop.add("a@example.com", BOUNCED)
    shop.add("a@example.com", UNSUBSCRIBED)
    with pytest.raises(RefusedError):
        shop.lift("a@example.com")


def test_her_own_no_is_kept_although_staff_had_stopped_letters_already(shop):
    shop.run(shop.file("email", "a@example.com"))
    record(
        shop.database, shop.logbook,
        Request("a@example.com", Act.WITHDRAWN, NEWS, "phone", "Ola"), shop.clock(),
    )  # fmt: skip
    shop.add("a@example.com")
    record(
        shop.database, shop.logbook,
        Request("a@example.com", Act.WITHDRAWN, None, "phone", "Ola"), shop.clock(),
    )  # fmt: skip
    with pytest.raises(RefusedError):
        shop.lift("a@example.com")


def test_nothing_is_lifted_where_nothing_is(shop):
    with pytest.raises(NotFoundError, match="not suppressed"):
        shop.lift("a@example.com")


def test_the_newest_are_listed_with_the_addresses_that_are_known(shop):
    shop.run(shop.file("email", "a@example.com"))
    shop.refuse(shop.file("email", "a@example.com", "gone@example.com", name="no.csv"))
    shop.add("a@example.com", scope="list:news")
    newest = jobs.newest(shop.database, 2)
    assert newest[0].address == "a@example.com"
    assert newest[0].suppression.scope == "list:news"
    assert jobs.counted(shop.database) == {
        ("list:news", "manual"): 1,
        ("marketing", "unsubscribed"): 2,
    }
    assert len(jobs.of_address(shop.database, shop.ring, "gone@example.com")) == 1


def test_a_suppression_that_is_over_is_not_brought_back(shop):
    one = replace(
        Suppression("marketing", BOUNCED, NOW, None, "x"), until_at=NOW + timedelta(days=1)
    )
    jobs.add(shop.database, shop.logbook, "a@example.com", one, "Ola")
    path = shop.exported()
    shop.clock.now = (NOW + timedelta(days=2)).astimezone(UTC)
    assert shop.refuse(path, None).counts == {"ended": 1}


def test_what_is_imported_added_and_lifted_is_in_the_logbook_once(shop):
    path = shop.file("email", "a@example.com", "b@example.com")
    for _ in range(2):
        shop.refuse(path, BOUNCED)
    shop.lift("a@example.com")
    acts = [line.no.act for line in shop.logbook.lines() if line.no is not None]
    assert acts == ["suppressed", "suppressed", "lifted"]
