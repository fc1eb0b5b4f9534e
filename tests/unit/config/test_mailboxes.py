"""`[mailboxes.NAME]`: what it gives triage, and how it is refused."""

from datetime import timedelta

import pytest

from mailer.config.mailboxes import mailboxes_of
from mailer.config.mailsource import imap_address
from mailer.config.reading import read_settings
from mailer.errors import ConfigError, WorkspaceError

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
        ({"imap_token_env": "A", "imap_token_file": "b"}, "leave one of them"),
        ({"imap_password_env": "A", "imap_token_command": "b"}, "leave one of them"),
        ({"adress": "x@y.example"}, "did you mean 'address'"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(wrong, words: str):
    with pytest.raises(ConfigError, match=words) as told:
        read_settings({"mailboxes": {"support": SUPPORT | wrong}}, {})
    assert "mailboxes.support" in str(told.value)


def test_a_token_comes_from_where_the_settings_say_at_each_login(tmp_path):
    imap = {"imap_host": "imap.example.com", "imap_user": "us@example.com"}

    def token_of(**more: str) -> object:
        settings = read_settings({"mailboxes": {"support": SUPPORT | imap | more}}, {})
        one = settings.mailboxes["support"]
        address = imap_address(str(tmp_path), "mailboxes.support", one, {"TOKEN": "t-1"})
        assert address.password == ""
        assert address.token is not None
        assert "t-" not in repr(address)
        return address.token

    assert token_of(imap_token_env="TOKEN")() == "t-1"
    from_file = token_of(imap_token_file="token")
    for said in ("t-2", "t-3"):
        (tmp_path / "token").write_text(f"{said}\n")
        assert from_file() == said
    (tmp_path / "give").write_text("echo t-4; echo more\n")
    assert token_of(imap_token_command=f"sh {tmp_path}/give")() == "t-4"
    for command, words in (
        ("false", "false ended with status 1"),
        ("true", "true wrote no secret"),
        ("/nowhere/token t-5", "/nowhere/token cannot be run"),
    ):
        with pytest.raises(WorkspaceError, match=words) as problem:
            token_of(imap_token_command=command)()
        assert "t-5" not in str(problem.value)
    with pytest.raises(ConfigError, match=r"mailboxes\.support\.imap_token_env names GONE"):
        token_of(imap_token_env="GONE")
