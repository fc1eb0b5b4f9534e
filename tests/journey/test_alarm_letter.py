"""An alarm reaches a person: by letter where the relay works, by a command where not."""

import email
import email.policy
import json
import sys
from datetime import UTC, datetime

from journey.program import Shop, relay, until

from mailer.store.alarms import Alarm, raise_alarm
from mailer.wire.sink import Answer, Received, Step
from mailer.wiring import open_workspace

OPERATOR = "ola@example.com"
WORDS = "{{ 1 // 0 }} {% for %} {# x #} <b>& nothing leaves"


def alarmed(shop: Shop) -> None:
    with (
        open_workspace(str(shop.folder)) as workspace,
        workspace.database.write() as connection,
    ):
        now = datetime.now(UTC)
        raise_alarm(connection, Alarm("ledger", "the ledger", now, WORDS, "look at it"))


def test_an_alarm_is_a_letter_that_says_all_of_it(shop: Shop) -> None:
    with relay() as taken:
        shop.make(taken.port, alarms={"address": OPERATOR})
        alarmed(shop)
        shop.start()
        until(lambda: taken.of(OPERATOR), "the letter arrives")
        (found,) = taken.of(OPERATOR)
        letter = email.message_from_bytes(found.content, policy=email.policy.default)
        assert letter["Subject"] == "[mailer] ledger: 1 alarm(s)"
        assert letter["List-Unsubscribe"] is None
        for part in ("plain", "html"):
            body = letter.get_body((part,))
            assert body is not None
            words = WORDS if part == "plain" else "{{ 1 // 0 }} {% for %} {# x #} &lt;b&gt;"
            assert words in " ".join(body.get_content().split())
        # A second one waits for its hour; a test is told at once.
        alarmed(shop)
        told = shop.json("alarm", "test")
        assert told == [{"way": "letter", "told": True, "problem": ""}]
        until(lambda: len(taken.of(OPERATOR)) == 2, "the test arrives")
        assert "ledger" not in taken.of(OPERATOR)[1].content.decode()


def refuses_all(step: Step, received: Received) -> Answer:
    del received
    return "421 4.3.2 not now" if step is Step.MAIL else None


def test_the_letter_goes_by_another_relay_when_one_is_in_trouble(shop: Shop) -> None:
    with relay(refuses_all) as refusing, relay() as taken:
        shop.make(refusing.port, alarms={"address": OPERATOR})
        config = shop.folder / "config.toml"
        said = config.read_text(encoding="utf-8").replace("[relay]", "[relays.main]")
        spare = f'host = "127.0.0.1"\nport = {taken.port}\ntls = "none"\nweight = 0'
        config.write_text(f"{said}\n[relays.spare]\n{spare}\n", encoding="utf-8")
        alarmed(shop)
        shop.start()
        until(lambda: taken.of(OPERATOR), "the letter arrives")
        assert refusing.of(OPERATOR) == []


def test_a_command_tells_when_the_relay_takes_nothing(shop: Shop) -> None:
    got = shop.folder / "got.json"
    code = f"import sys; open({str(got)!r}, 'w').write(sys.stdin.read())"
    with relay(refuses_all) as taken:
        command = f'{sys.executable} -c "{code}"'
        shop.make(taken.port, alarms={"address": OPERATOR, "command": command})
        alarmed(shop)
        shop.start()
        until(got.exists, "the command was run")
        until(lambda: got.read_text(encoding="utf-8"), "it got something")
        (alarm,) = json.loads(got.read_text(encoding="utf-8"))["alarms"]
        assert (alarm["kind"], alarm["happened"]) == ("ledger", WORDS)
        assert taken.of(OPERATOR) == []


def test_nobody_to_tell_is_said(shop: Shop) -> None:
    with relay() as taken:
        shop.make(taken.port)
    assert "set address, webhook or command" in shop.run("alarm", "test", status=2)
