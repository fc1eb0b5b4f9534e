"""`[mailboxes.NAME]`: what it gives triage, and how it is refused."""

from datetime import timedelta

import pytest

from mailer.config.mailboxes import mailboxes_of
from mailer.config.reading import read_settings
from mailer.errors import ConfigError

SUPPORT = {
    "address": "Fjell & Fjord <support@bücher.example>",
    "aliases": ["Help@shop.example"],
    "hours": ["mon-fri 09:00-17:00"],
    "first_answer_h": 4,
    "staff": ["Kari"],
}


def test_a_mailbox_is_read_with_its_promises_and_the_workspaces_zone():
    settings = read_settings({"mailboxes": {"support": SUPPORT}}, {})
    (one,) = mailboxes_of(settings.mailboxes, "Europe/Oslo")
    assert (one.name, one.sender_name) == ("support", "Fjell & Fjord")
    assert one.addresses == {"support@xn--bcher-kva.example", "help@shop.example"}
    assert (one.zone, one.targets.first_answer) == ("Europe/Oslo", timedelta(hours=4))
    assert one.promises


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"address": "support"}, "must be an address"),
        ({"address": ""}, "must be an address"),
        ({"hours": ["9 to 5"]}, "mon-fri 09:00-17:00"),
        ({"holidays": ["Easter"]}, "must be a day"),
        ({"time_zone": "Oslo"}, "must be a time zone"),
        ({"language": "klingon"}, "must be a language"),
        ({"aliases": ["no address"]}, "no email address"),
        ({"adress": "x@y.example"}, "did you mean 'address'"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(wrong, words: str):
    with pytest.raises(ConfigError, match=words) as told:
        read_settings({"mailboxes": {"support": SUPPORT | wrong}}, {})
    assert "mailboxes.support" in str(told.value)
