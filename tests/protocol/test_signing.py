"""What a mail server received is signed: each letter, or it has not left."""

import asyncio
import multiprocessing
import os
import signal
from collections import Counter
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sending import (
    PlainComposer,
    Setup,
    a_campaign,
    nothing_open,
    rows,
    send_all,
    states,
    until,
)
from signatures import SIGNER, ZONE

from mailer.compose.sign import Signer
from mailer.jobs import signers, signing
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.model.letter import Letter
from mailer.pace.throttle import Rate
from mailer.store.database import Database
from mailer.wire.sink import Sink

# What is signed and when does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SIGNERS = {"example.com": SIGNER}


class Server:
    """A mail server that is not ours, and what it was handed."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.got.append(bytes(envelope.content or b""))
        return "250 2.0.0 ok"


def test_every_letter_that_a_server_takes_is_signed_and_arrives_once(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 80)
    body = b"Long  lines\tand \r\n.dots\r\n\r\n" + b"x" * 900 + b"\r\n\r\n\r\n"
    server = Server()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: SMTP(server), "127.0.0.1", 0)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            composer = PlainComposer(body)
            setup = Setup(database, tmp_path, port, composer=composer, signers=SIGNERS)
            await setup.until(lambda: nothing_open(database))

    asyncio.run(run())
    assert states(database) == {"accepted": 80}
    assert all(ZONE.verifies(content) for content in server.got)
    ids = Counter(str(message_from_bytes(one)["Message-ID"]) for one in server.got)
    assert ids == Counter(f"<d{row.id}@example.com>" for row in rows(database))


def test_letters_of_a_domain_without_a_key_leave_as_they_are(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 30)

    class Two(PlainComposer):
        def domain_of(self, claim: Claim) -> str:
            return "news.example.com" if claim.id % 2 else "example.org"

    sink = Sink()
    send_all(Setup(database, tmp_path, 0, composer=Two(), signers=SIGNERS), sink)
    assert states(database) == {"accepted": 30}
    assert len(sink.received) == 30
    for one in sink.received:
        number = int(str(message_from_bytes(one.content)["Message-ID"])[2:].split("@")[0])
        assert one.content.startswith(b"DKIM-Signature") is bool(number % 2)
        assert not number % 2 or ZONE.verifies(one.content)


def test_a_letter_that_cannot_be_signed_is_withheld_and_never_leaves_unsigned(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 12)

    class Headless(PlainComposer):
        def compose(self, claim: Claim) -> Letter:
            letter = super().compose(claim)
            if claim.id % 3:
                return letter
            return letter._replace(content=letter.content.replace(b"From: ", b"Form: "))

        def failed(self, claim: Claim) -> None:
            assert claim.id % 3 == 0

    sink = Sink()
    send_all(Setup(database, tmp_path, 0, composer=Headless(), signers=SIGNERS), sink)
    assert states(database) == {"accepted": 8, "withheld": 4}
    assert all(ZONE.verifies(one.content) for one in sink.received)
    assert {row.reason for row in rows(database) if row.state == "withheld"} == {
        "cannot_compose"
    }


def test_a_stop_gives_back_what_is_being_signed(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 300)
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        setup = Setup(
            database, tmp_path, port, relay={"rate": Rate(per_second=200)}, signers=SIGNERS
        )
        async with setup.running() as sender:
            await until(lambda: "accepted" in states(database), sender)
        await sink.stop()

    asyncio.run(run())
    left = states(database)
    assert set(left) == {"queued", "accepted"}
    assert sum(left.values()) == 300
    assert left["accepted"] == len(sink.received)
    assert all(ZONE.verifies(one.content) for one in sink.received)


def signer_pids() -> list[int]:
    running = multiprocessing.active_children()
    return [one.pid for one in running if one.name == "mailer-signer" and one.pid]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_when_processes_that_sign_end_or_stop_each_letter_still_leaves_signed_and_once(
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_campaign(database, ring, 400)
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        setup = Setup(
            database, tmp_path, port, relay={"rate": Rate(per_second=200)}, signers=SIGNERS
        )
        async with setup.running() as sender:
            await until(signer_pids, sender)
            at = len(sink.received)
            await until(lambda: len(sink.received) > at + 50, sender)
            for pid in signer_pids():
                os.kill(pid, number)
            # From now on: to start them may take longer.
            monkeypatch.setattr(signers, "LOOK_EVERY_S", 0.2)
            await until(lambda: nothing_open(database), sender)
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 400}
    assert len(sink.received) == 400
    assert all(ZONE.verifies(one.content) for one in sink.received)
    assert signer_pids() == []


@pytest.mark.parametrize("killed", [1, 2])
def test_processes_that_sign_are_started_again_in_place_of_those_that_have_ended(
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    killed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signing, "AGAIN_AFTER_S", 0.0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        setup = Setup(database, tmp_path, port, signers=SIGNERS)
        async with setup.running() as sender:
            for _ in range(3):
                a_campaign(database, ring, 200)
                await until(lambda: len(signer_pids()) == 2, sender)
                await until(lambda: nothing_open(database), sender)
                for pid in signer_pids()[:killed]:
                    os.kill(pid, signal.SIGKILL)
                await until(lambda: len(signer_pids()) == 2 - killed, sender)
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 600}
    assert len(sink.received) == 600
    assert all(ZONE.verifies(one.content) for one in sink.received)


def test_a_mistake_of_ours_while_signing_ends_the_sender_and_sends_nothing(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 5)
    of_another_sort: Any = Ed25519PrivateKey.generate()
    wrong = {"example.com": Signer("example.com", "mailer", of_another_sort)}
    sink = Sink()
    with pytest.raises(TypeError):
        send_all(Setup(database, tmp_path, 0, signers=wrong), sink)
    assert states(database) == {"queued": 5}
    assert not sink.received
