"""Where a contact stands on a list, as it follows from the ledger."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from mailer.audience.standing import BY_OTHERS, after, standing
from mailer.model.consent import Act, Basis, How, SubscriptionStatus
from mailer.model.subscription import Entry

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PENDING, SUBSCRIBED, UNSUBSCRIBED = SubscriptionStatus


def entries(*steps):
    """Make entries of acts, or of acts with other fields, a day apart."""
    made = []
    for number, step in zip(count(1), steps, strict=False):
        act, more = step if isinstance(step, tuple) else (step, {})
        facts = {
            "number": number,
            "list_id": "news",
            "wording": 1,
            "act": act,
            "at": NOW + timedelta(days=number),
            "how": How.FORM,
            "basis": Basis.EXPRESS if act in (Act.GRANTED, Act.CONFIRMED) else None,
            "batch_id": None,
            "expires_at": None,
        }
        made.append(Entry(**{**facts, **more}))
    return made


def granted(**more):
    return (Act.GRANTED, more)


def status(*steps):
    found = standing(entries(*steps))
    return None if found is None else found.status


def test_nothing_said_is_nothing():
    assert standing([]) is None


@pytest.mark.parametrize("basis", list(Basis))
@pytest.mark.parametrize("how", sorted(BY_OTHERS))
def test_a_grant_that_others_record_subscribes_at_once(how, basis):
    assert status(granted(how=how, basis=basis)) is SUBSCRIBED


def test_a_double_opt_in_is_pending_until_it_is_confirmed():
    asked = granted(basis=Basis.DOUBLE_OPT_IN)
    assert status(asked) is PENDING
    assert status(asked, Act.CONFIRMED) is SUBSCRIBED
    assert status(asked, Act.WITHDRAWN) is UNSUBSCRIBED


def test_an_unconfirmed_sign_up_leaves_a_subscription_that_stands():
    found = standing(entries(granted(), granted(basis=Basis.DOUBLE_OPT_IN, wording=2)))
    assert found is not None
    assert (found.status, found.wording, found.ledger_number) == (SUBSCRIBED, 1, 1)


@pytest.mark.parametrize("act", [Act.WITHDRAWN, Act.OBJECTED, Act.ERASED])
@pytest.mark.parametrize("how", list(How))
def test_who_said_no_is_brought_back_by_nobodys_grant(act, how):
    for basis in Basis:
        assert status(granted(), act, granted(how=how, basis=basis)) is UNSUBSCRIBED


def test_who_said_no_comes_back_by_her_own_confirmation():
    asked = granted(basis=Basis.DOUBLE_OPT_IN)
    assert status(granted(), Act.WITHDRAWN, asked, Act.CONFIRMED) is SUBSCRIBED


@pytest.mark.parametrize("how", sorted(BY_OTHERS))
def test_nobody_else_can_confirm_for_her(how):
    assert status(granted(), Act.WITHDRAWN, (Act.CONFIRMED, {"how": how})) is UNSUBSCRIBED


def test_a_sign_up_that_anyone_may_have_typed_opens_no_way_for_an_import():
    forged = granted(basis=Basis.DOUBLE_OPT_IN)
    imported = granted(how=How.IMPORT, batch_id=1)
    assert status(granted(), Act.WITHDRAWN, forged, imported) is UNSUBSCRIBED


def test_the_first_no_counts():
    found = standing(entries(granted(), Act.WITHDRAWN, Act.OBJECTED))
    assert found is not None
    assert found.ledger_number == 2


def test_a_no_to_everything_ends_what_there_is_and_makes_nothing_new():
    everything = (Act.WITHDRAWN, {"list_id": None})
    assert status(granted(), everything) is UNSUBSCRIBED
    assert status(everything) is None
    assert status(Act.WITHDRAWN) is UNSUBSCRIBED


def test_a_weaker_grant_never_replaces_a_stronger_one():
    until = NOW + timedelta(days=100)
    imported = {"how": How.IMPORT}
    implied = granted(basis=Basis.IMPLIED, expires_at=until, **imported)
    found = standing(entries(granted(), implied))
    assert found is not None
    assert (found.basis, found.expires_at, found.ledger_number) == (Basis.EXPRESS, None, 1)
    found = standing(entries(implied, granted(**imported)))
    assert found is not None
    assert (found.basis, found.expires_at, found.ledger_number) == (Basis.EXPRESS, None, 2)


def test_the_same_grant_again_changes_nothing():
    found = standing(entries(granted(how=How.IMPORT), granted(how=How.IMPORT)))
    assert found is not None
    assert found.ledger_number == 1


def test_a_later_end_or_newer_words_are_more():
    early = granted(
        how=How.IMPORT, basis=Basis.IMPLIED, expires_at=NOW + timedelta(days=30)
    )
    late = granted(how=How.IMPORT, basis=Basis.IMPLIED, expires_at=NOW + timedelta(days=60))
    newer = granted(how=How.IMPORT, wording=2)
    for before, more in ((early, late), (granted(how=How.IMPORT), newer)):
        found = standing(entries(before, more))
        assert found is not None
        assert found.ledger_number == 2
        found = standing(entries(more, before))
        assert found is not None
        assert found.ledger_number == 1


def test_what_she_agrees_to_herself_counts_for_newer_words_whatever_its_basis():
    confirmed = granted(how=How.IMPORT, basis=Basis.DOUBLE_OPT_IN)
    found = standing(entries(confirmed, granted(wording=2)))
    assert found is not None
    assert (found.basis, found.wording) == (Basis.EXPRESS, 2)


def test_a_permission_that_ended_gives_way_to_any():
    ended = granted(how=How.IMPORT, expires_at=NOW + timedelta(days=1, hours=1))
    found = standing(entries(ended, granted(how=How.IMPORT, basis=Basis.IMPLIED)))
    assert found is not None
    assert (found.basis, found.ledger_number) == (Basis.IMPLIED, 2)
    assert status(ended, granted(basis=Basis.DOUBLE_OPT_IN)) is PENDING


def test_lifting_a_suppression_subscribes_nobody():
    assert status(granted(), Act.WITHDRAWN, Act.LIFTED) is UNSUBSCRIBED


def imported(batch, **more):
    return granted(how=How.IMPORT, batch_id=batch, **more)


def undone(batch):
    return (Act.UNDONE, {"batch_id": batch, "how": How.COMMAND})


def test_undoing_goes_back_to_what_was_there_before():
    assert standing(entries(imported(1), undone(1))) is None
    found = standing(entries(imported(1, basis=Basis.IMPLIED), imported(2), undone(2)))
    assert found is not None
    assert (found.basis, found.ledger_number) == (Basis.IMPLIED, 1)
    asked = granted(basis=Basis.DOUBLE_OPT_IN)
    assert status(asked, imported(1), undone(1)) is PENDING


def test_undoing_takes_nothing_from_her_own_yes_or_no():
    assert status(imported(1), Act.WITHDRAWN, undone(1)) is UNSUBSCRIBED
    assert (
        status(imported(1), (Act.WITHDRAWN, {"list_id": None}), undone(1)) is UNSUBSCRIBED
    )
    assert status(imported(1), Act.CONFIRMED, undone(1)) is SUBSCRIBED


def test_undoing_another_import_changes_nothing():
    assert status(imported(1), undone(2)) is SUBSCRIBED
    assert status(undone(1)) is None


def test_an_import_that_was_undone_may_be_repeated():
    assert status(imported(1), undone(1), imported(2)) is SUBSCRIBED
    assert status(imported(1), undone(1), imported(2), undone(2)) is None


def test_one_step_at_a_time_comes_to_the_same():
    steps = entries(
        granted(basis=Basis.DOUBLE_OPT_IN), Act.CONFIRMED, Act.WITHDRAWN, granted(),
        Act.CONFIRMED, imported(3), Act.LIFTED,
    )  # fmt: skip
    state = None
    for step in steps:
        state = after(state, step)
    assert state == standing(steps)
