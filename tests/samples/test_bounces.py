"""Real reports of many mail systems: recipient and verdict, whatever their line ends."""

import pytest
from samples.samples import (
    expected,
    is_false_bounce,
    judged,
    knowledge,
    line_ends,
    sample,
)

from mailer.triage.sort import sort

OTHERWISE = {
    "arf-11.eml": "nobody is named: the other parser makes an address up",
    "lhost-office365-04.eml": "the field, not the link in the text, says whom it was for",
    "lhost-postfix-80.eml": "our domain is listed; that says nothing of the mailbox",
    "rfc3464-28.eml": "two messages in one file: `mailer inbox classify` reads both",
}
"""Samples that are read otherwise than by the other parser, each with its reason."""


@pytest.mark.parametrize("name", sorted(expected()))
def test_a_report_names_its_recipients_and_says_whether_they_are_gone(name: str):
    notice = sort(sample(name), knowledge())
    assert not is_false_bounce(name, notice)
    wrong = [one for one in judged(name, notice) if not (one.recipient and one.hard)]
    assert bool(wrong) is (name in OTHERWISE), notice


@pytest.mark.parametrize("name", sorted(expected()))
def test_line_ends_make_no_difference(name: str):
    lf, crlf, cr = (sort(one, knowledge()) for one in line_ends(sample(name)))
    assert lf == crlf == cr


def test_the_samples_carry_their_licence():
    assert b"Redistribution and use" in sample("LICENSE")
