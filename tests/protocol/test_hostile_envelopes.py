"""Strangers who speak SMTP write neither a field of the trace nor a line of the log."""

import logging

import pytest
from protocol.test_listener import MESSAGE, talk

OURS = "support@shop.example"
EVIL = ("\r", "\0", "\x1b[2J", "\x7f", "\x9b", "\u2028")


@pytest.mark.parametrize("evil", EVIL)
def test_an_address_with_a_control_character_is_refused(evil, caplog):
    caplog.set_level(logging.INFO)

    async def dialogue(client, shelf, listener):
        await client.say("EHLO there")
        said = f'MAIL FROM:<"a{evil}Subject: forged"@x.example> SMTPUTF8'
        assert (await client.say(said)).startswith("501 5.1.7")
        assert (await client.say("MAIL FROM:<a@x.example> SMTPUTF8")).startswith("250")
        said = f'RCPT TO:<"a{evil}X-Spam: no"@shop.example>'
        assert (await client.say(said)).startswith("501 5.1.3")
        assert (await client.say(f"RCPT TO:<{OURS}>")).startswith("250")
        assert (await client.say("DATA")).startswith("354")
        assert (await client.say(MESSAGE + b".")).startswith("250")
        ((raw, _),) = shelf.kept
        assert raw.partition(b"From:")[0] == (
            b"Return-Path: <a@x.example>\r\nDelivered-To: " + OURS.encode() + b"\r\n"
        )

    talk(dialogue, lmtp=False)
    assert [one for one in caplog.messages if not one.isprintable()] == []
