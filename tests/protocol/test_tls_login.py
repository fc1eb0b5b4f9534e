"""Logging in at a server that is not ours (aiosmtpd): the password goes out encrypted."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from protocol.certificates import Authority
from sending import QUICK, Setup, a_campaign, nothing_open, rows, states, until

from mailer.jobs.check_workspace import Looked, check_relay
from mailer.model.key import KeyRing
from mailer.model.outcome import Released, Stage
from mailer.store.database import Database
from mailer.wire.line import Line, RelayAddress, Tls, open_line
from mailer.wire.sink import Answer, Received, Sink, Step

PASSWORD = "correct horse \u00e6\u00f8\u00e5"


class Box(Message):
    """Keeps what arrives, and in whose name it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[str] = []

    def handle_message(self, message: Any) -> None:
        self.received.append(message["Message-ID"])


class Server:
    """aiosmtpd on loopback: STARTTLS first, then a login, then letters."""

    def __init__(self, authority: Authority, **settings: Any) -> None:
        self.box = Box()
        self.tried: list[tuple[bool, str]] = []
        self._settings = {
            "tls_context": authority.server(),
            "require_starttls": True,
            "auth_required": True,
            "authenticator": self.check,
        } | settings
        self._server: asyncio.Server | None = None

    def check(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        mechanism: str,
        data: LoginPassword,
    ) -> AuthResult:
        self.tried.append((session.ssl is not None, mechanism))
        good = data.login == b"shop" and data.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False)

    async def start(self) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self.box, loop=loop, **self._settings), "127.0.0.1", 0
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def opened(server: Server | Sink, tls: Tls, **address: Any) -> Line | Released:
    async def run() -> Line | Released:
        port = await server.start()
        try:
            line = await open_line(
                RelayAddress(
                    "main",
                    "127.0.0.1",
                    port,
                    tls,
                    username="shop",
                    timeouts=QUICK,
                    **address,
                )
            )
            if isinstance(line, Line):
                await line.quit()
            return line
        finally:
            await server.stop()

    return asyncio.run(run())


def test_letters_go_out_after_a_login(
    database: Database, ring: KeyRing, tmp_path: Path, authority: Authority
) -> None:
    a_campaign(database, ring, 12)
    server = Server(authority)

    async def run() -> None:
        port = await server.start()
        try:
            setup = Setup(database, tmp_path, port, tls=Tls.REQUIRED, connections=2)
            setup.address = {
                "username": "shop",
                "password": PASSWORD,
                "certificate_file": str(authority.file),
            }
            await setup.until(lambda: nothing_open(database))
        finally:
            await server.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 12}
    assert len(set(server.box.received)) == len(server.box.received) == 12
    assert {encrypted for encrypted, _ in server.tried} == {True}


def test_a_wrong_password_lets_nothing_out_and_is_never_written_down(
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
) -> None:
    a_campaign(database, ring, 3)
    server = Server(authority)
    caplog.set_level(logging.DEBUG)

    async def run() -> None:
        port = await server.start()
        try:
            setup = Setup(database, tmp_path, port, tls=Tls.REQUIRED, connections=1)
            setup.address = {
                "username": "shop",
                "password": "wrong-sesame",
                "certificate_file": str(authority.file),
            }
            async with setup.running() as sender:
                await until(lambda: len(server.tried) >= 2 and bool(sender.trouble), sender)
                assert sender.trouble.startswith("auth: 535")
        finally:
            await server.stop()

    asyncio.run(run())
    # Nothing was said about any letter, so none is charged with it.
    assert states(database) == {"queued": 3}
    assert {row.deferrals for row in rows(database)} == {0}
    assert server.box.received == []
    ours = [record for record in caplog.records if record.name.startswith("mailer")]
    assert any("in trouble at auth" in record.getMessage() for record in ours)
    assert "sesame" not in caplog.text


@pytest.mark.parametrize(("password", "words"), [(PASSWORD, ""), ("wrong-sesame", "535")])
def test_a_check_logs_in_as_a_sender_would(
    authority: Authority, password: str, words: str
) -> None:
    server = Server(authority)

    async def run() -> Looked:
        port = await server.start()
        try:
            return await check_relay(
                RelayAddress(
                    "main",
                    "127.0.0.1",
                    port,
                    Tls.REQUIRED,
                    "shop",
                    password,
                    certificate_file=str(authority.file),
                    timeouts=QUICK,
                )
            )
        finally:
            await server.stop()

    problem = asyncio.run(run()).problem
    assert problem.startswith(f"at auth: {words}") if words else problem == ""
    assert "sesame" not in problem
    assert server.box.received == []


@pytest.mark.parametrize(
    ("tls", "stage"), [(Tls.REQUIRED, Stage.TLS), (Tls.OPPORTUNISTIC, Stage.AUTH)]
)
def test_a_password_is_not_sent_in_plain_text(tls: Tls, stage: Stage) -> None:
    """Who stands between needs only to take STARTTLS out of the relay's offer."""
    sink = Sink(extensions=("AUTH PLAIN LOGIN",))
    trouble = opened(sink, tls, password=PASSWORD)
    assert isinstance(trouble, Released)
    assert trouble.stage is stage
    assert "TLS" in trouble.reply.text
    assert not [line for line in sink.not_understood if line.startswith(b"AUTH")]


def test_a_relay_without_a_login_is_trouble_with_words(authority: Authority) -> None:
    sink = Sink(tls=authority.server())
    trouble = opened(
        sink, Tls.REQUIRED, password=PASSWORD, certificate_file=str(authority.file)
    )
    assert isinstance(trouble, Released)
    assert trouble.stage is Stage.AUTH
    assert trouble.reply.text


def test_a_relay_that_wants_a_login_we_have_not_keeps_the_letters(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    """530 at MAIL is the relay's business: letters wait until somebody sets a password."""
    a_campaign(database, ring, 2)
    asked = 0

    def rule(step: Step, received: Received) -> Answer:
        del received
        nonlocal asked
        if step is not Step.MAIL:
            return None
        asked += 1
        return "530 5.7.0 Authentication required" if asked <= 3 else None

    sink = Sink(rule)

    async def run() -> None:
        port = await sink.start()
        try:
            setup = Setup(database, tmp_path, port, connections=1)
            await setup.until(lambda: nothing_open(database))
        finally:
            await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 2}
    assert {row.deferrals for row in rows(database)} == {0}
