"""Answers from the console while the program is killed: none twice, none lost."""

import random
import re
import threading
import time
from dataclasses import replace
from html import unescape
from http.client import HTTPException

from frontdesks import a_message
from journey.program import Shop, relay, until
from journey.surfing import Browser, Form
from journey.test_front_desk import ask, bring, make
from journey.test_whole_way import signed_in

ROUNDS = 6
OPEN = (
    "SELECT count(*) FROM delivery WHERE kind = 'reply'"
    " AND state NOT IN ('accepted', 'in_doubt')"
)
REPLIES = "SELECT text FROM ticket_entry WHERE kind = 'reply' AND ticket_id = "


def sent(kari: Browser, form: Form, text: str) -> None:
    """Send a form whose answer may never come."""
    try:
        kari.send(form, text=text, then="")
    except (OSError, HTTPException):
        return


def draft_of(form: Form) -> Form:
    """Return what the button "Keep as draft" sends."""
    return replace(form, action=form.action.replace("/reply", "/draft"), encoding="")


def typed(kari: Browser) -> str:
    """Return what stands in the answer's field."""
    found = re.search(r'<textarea id="text"[^>]*>([^<]*)', kari.page)
    assert found is not None, kari.page
    return unescape(found[1]).strip()


def addresses(shop: Shop, state: str) -> list[str]:
    """Return to whom the answers are that are in a state."""
    query = f"SELECT address FROM delivery WHERE kind = 'reply' AND state = '{state}'"
    return [address for (address,) in ask(shop, query)]


def again(shop: Shop, kari: Browser, form: Form, here: str, words: str) -> None:
    """Send the page that she still had once more: only what was not sent is."""
    number = here.rpartition("/")[2]
    before = ask(shop, f"{REPLIES}{number}")
    assert len(before) <= 1
    kari.open(here)
    # What was sent is no draft any more, and what was not is one still.
    assert typed(kari) == ("" if before else words)
    kari.send(form, text=words)
    assert kari.status == (409 if before else 200)
    if before:
        # What she wrote is not lost.
        assert typed(kari) == words
    ((kept,),) = ask(shop, f"{REPLIES}{number}")
    assert kept.strip().startswith(words)


def test_an_answer_is_sent_once_whenever_the_program_is_killed(shop: Shop) -> None:
    chance = random.Random(7)
    people = {number: f"p{number}@d{number}.example" for number in range(1, ROUNDS + 1)}
    with relay() as taken:
        port = make(shop, taken.port)
        serve = shop.start()
        for number, who in people.items():
            bring(port, a_message("Tents?", who, number=number, subject=f"Q {number}"))
        tickets = "SELECT count(*) FROM ticket"
        until(lambda: ask(shop, tickets) == [(ROUNDS,)], "all are on tickets")
        kari = signed_in(shop)
        for number in people:
            here, words = f"/console/tickets/{number}", f"Yes, number {number}."
            kari.open(here)
            form = kari.form(f"{number}/reply")
            kari.send(draft_of(form), text=words)
            sending = threading.Thread(target=sent, args=(kari, form, words))
            sending.start()
            time.sleep(chance.uniform(0.0, 0.08))
            serve.kill_all()
            sending.join()
            serve = shop.start()
            again(shop, kari, form, here, words)
        until(lambda: ask(shop, OPEN) == [(0,)], "no answer waits any more")
        accepted, in_doubt = (addresses(shop, state) for state in ("accepted", "in_doubt"))
    assert sorted(accepted + in_doubt) == sorted(people.values())
    answers = [one.recipient for one in taken.letters if b"Yes, number" in one.content]
    # One may have been on the line at the next round's kill: a person decides.
    assert len(answers) == len(set(answers))
    assert set(accepted) <= set(answers) <= {*accepted, *in_doubt}
