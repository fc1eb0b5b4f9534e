"""Lines that are secured, and lines that must not be used because they are not."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from protocol.certificates import Authority
from sending import QUICK, Setup, a_campaign, nothing_open, states

from mailer.model.key import KeyRing
from mailer.model.outcome import Released, Stage
from mailer.store.database import Database
from mailer.wire.line import Line, RelayAddress, Tls, open_line
from mailer.wire.sink import Answer, Received, Sink, Step


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def opened(sink: Sink, tls: Tls, **address: Any) -> Line | Released:
    """Open a line to a sink and close it again; what came of it."""

    async def run() -> Line | Released:
        port = await sink.start()
        try:
            line = await open_line(
                RelayAddress("main", "127.0.0.1", port, tls, timeouts=QUICK, **address)
            )
            if isinstance(line, Line):
                await line.quit()
            return line
        finally:
            await sink.stop()

    return asyncio.run(run())


class Watched(Sink):
    """A sink that notes what it was asked, and whether that came encrypted."""

    def __init__(self, **settings: Any) -> None:
        self.steps: list[Step] = []
        self.encrypted = False
        super().__init__(self.note, **settings)

    def note(self, step: Step, received: Received) -> Answer:
        self.steps.append(step)
        self.encrypted = received.encrypted


@pytest.mark.parametrize("tls", [Tls.REQUIRED, Tls.OPPORTUNISTIC, Tls.IMPLICIT])
def test_letters_go_over_an_encrypted_line(
    database: Database, ring: KeyRing, tmp_path: Path, authority: Authority, tls: Tls
) -> None:
    a_campaign(database, ring, 30)

    def rule(step: Step, received: Received) -> Answer:
        plain = step is Step.MAIL and not received.encrypted
        return "530 5.7.0 STARTTLS first" if plain else None

    sink = Sink(rule, tls=authority.server(), implicit=tls is Tls.IMPLICIT)

    async def run() -> None:
        port = await sink.start()
        try:
            setup = Setup(database, tmp_path, port, tls=tls)
            setup.address = {"certificate_file": str(authority.file)}
            await setup.until(lambda: nothing_open(database))
        finally:
            await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 30}
    assert set(sink.seen.values()) == {1}


@pytest.mark.parametrize("tls", [Tls.REQUIRED, Tls.IMPLICIT])
@pytest.mark.parametrize("wrong", ["authority", "name", "date"])
def test_a_wrong_certificate_lets_no_letter_out(
    tmp_path: Path, authority: Authority, tls: Tls, wrong: str
) -> None:
    shown = {
        "authority": lambda: Authority(tmp_path, "Somebody else").server(),
        "name": lambda: authority.server("127.0.0.2"),
        "date": lambda: authority.server(ends=timedelta(days=-1)),
    }[wrong]()
    sink = Watched(tls=shown, implicit=tls is Tls.IMPLICIT)
    trouble = opened(sink, tls, certificate_file=str(authority.file))
    assert isinstance(trouble, Released)
    assert trouble.stage is (Stage.TLS if tls is Tls.REQUIRED else Stage.CONNECT)
    assert "certificate" in trouble.reply.text.lower()
    assert Step.MAIL not in sink.steps


def test_the_system_decides_whom_to_trust_when_no_authority_is_named(
    authority: Authority,
) -> None:
    trouble = opened(Watched(tls=authority.server()), Tls.REQUIRED)
    assert isinstance(trouble, Released)
    assert "certificate" in trouble.reply.text.lower()


def test_a_relay_without_starttls_gets_nothing_when_tls_is_required() -> None:
    sink = Watched()
    trouble = opened(sink, Tls.REQUIRED)
    assert isinstance(trouble, Released)
    assert (trouble.stage, "STARTTLS" in trouble.reply.text) == (Stage.TLS, True)
    assert sink.steps == [Step.BANNER, Step.EHLO]


def test_opportunistic_takes_plain_text_where_nothing_else_is_offered() -> None:
    assert isinstance(opened(Watched(), Tls.OPPORTUNISTIC), Line)


def test_opportunistic_takes_a_certificate_that_nobody_vouches_for(
    tmp_path: Path,
) -> None:
    sink = Watched(tls=Authority(tmp_path, "Nobody").server())
    assert isinstance(opened(sink, Tls.OPPORTUNISTIC), Line)
    assert sink.encrypted


def test_an_implicit_line_to_a_plain_server_is_trouble_not_a_hang() -> None:
    trouble = opened(Watched(), Tls.IMPLICIT)
    assert isinstance(trouble, Released)
    assert trouble.stage is Stage.CONNECT


def test_what_was_said_before_tls_counts_for_nothing(authority: Authority) -> None:
    """RFC 3207 §4.2: extensions are asked again inside."""
    sink = Watched(tls=authority.server(), extensions=("PIPELINING", "SIZE 10"))
    count = 0

    def rule(step: Step, received: Received) -> Answer:
        del received
        nonlocal count
        if step is not Step.EHLO:
            return None
        count += 1
        return None if count == 1 else "250-inside.example.com\r\n250 SIZE 5000000"

    sink.rule = rule
    line = opened(sink, Tls.REQUIRED, certificate_file=str(authority.file))
    assert isinstance(line, Line)
    assert (line.features.pipelining, line.features.size_bytes) == (False, 5_000_000)


def test_answers_slipped_in_before_tls_are_never_believed(authority: Authority) -> None:
    """Somebody on the way sends the answer to our EHLO ahead, in plain text."""
    sink = Watched(tls=authority.server())
    sink.after_start_tls = b"250-evil.example.com\r\n250 SIZE 77\r\n"
    line = opened(sink, Tls.REQUIRED, certificate_file=str(authority.file))
    if isinstance(line, Line):
        assert line.features.size_bytes == 10_485_760
    else:
        assert line.stage is Stage.TLS


def test_old_versions_of_tls_are_not_spoken(authority: Authority) -> None:
    context = authority.server()
    # OpenSSL itself only lets the server offer TLS 1.1 at this level.
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    trouble = opened(
        Watched(tls=context), Tls.REQUIRED, certificate_file=str(authority.file)
    )
    assert isinstance(trouble, Released)
    assert trouble.stage is Stage.TLS


def test_a_certificate_file_that_is_none_is_trouble_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "authority.pem"
    file.write_text("no certificate")
    trouble = opened(Watched(), Tls.REQUIRED, certificate_file=str(file))
    assert isinstance(trouble, Released)
