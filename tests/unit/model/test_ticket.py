"""The states of a ticket: one table, and nothing gets stuck in it."""

import pytest

from mailer.model.ticket import DUE_STATES, OVER_STATES, Step, TicketState, after


@pytest.mark.parametrize("state", [one for one in TicketState if one != "merged"])
def test_whoever_writes_is_heard_whatever_the_state(state: TicketState):
    heard = after(state, Step.WRITTEN)
    assert (heard in DUE_STATES) is (state is not TicketState.SPAM)


def test_nothing_leads_out_of_a_merged_ticket():
    assert {after(TicketState.MERGED, step) for step in Step} == {None}


def test_every_state_is_reached_and_those_that_are_over_owe_nothing():
    reached, new = {TicketState.NEW}, {TicketState.NEW}
    while new:
        new = {
            found
            for state in new
            for step in Step
            if (found := after(state, step)) is not None
        } - reached
        reached |= new
    assert reached == set(TicketState)
    assert not DUE_STATES & OVER_STATES
