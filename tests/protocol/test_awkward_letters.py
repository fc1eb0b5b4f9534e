"""Addresses and values that mail servers stumble over, at a server that is not ours.

`aiosmtpd` reads each command, and each letter to its own end: whatever a value could
smuggle past ours would be a second letter there, or a defect.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import letters
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sending import QUICK, PlainComposer, Setup, a_campaign, nothing_open, rows, states
from sqlalchemy import update

from mailer.errors import AddressError
from mailer.model.address import parse_address
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.letter import Letter
from mailer.model.person import Person
from mailer.store.database import Database
from mailer.store.tables import ContactRow, DeliveryRow, table
from mailer.wire.envelope import Features, envelope, stuffed
from mailer.wire.sink import Sink

DATE = datetime(2026, 11, 21, 9, tzinfo=UTC)
PLAIN_LIMITS = "x" * 64 + "@" + ".".join(["d" * 63] * 2 + ["d" * 53]) + ".example"

ODD = [
    "simple@example.com",
    "first.middle.last@example.com",
    "with+detail@example.com",
    "!#$%&'*+-/=?^_`{|}~@example.com",
    "1234567890@example.com",
    "_@example.com",
    "a@sub-1.sub2.example.com",
    "UPPER.lower@EXAMPLE.com",
    "x" * 64 + "@example.com",
    PLAIN_LIMITS,
    "kari@blåbær.example",
    "用户@例子.example",
    "grå.måne+fjell@example.com",
    "é@example.com",
    "é" * 32 + "@example.com",
]
"""What people may sign up with."""

QUOTED = ['"two..dots"@example.com', '".begins"@example.com', '"at@sign"@example.com']
"""Legal, and as good as never seen; nobody is signed up with one, and a relay may be."""

ILLEGAL = [
    "two..dots@example.com",
    ".begins@example.com",
    "ends.@example.com",
    "x" * 65 + "@example.com",
    "é" * 33 + "@example.com",
    "space in@example.com",
    "a@b@example.com",
    "angle<@example.com",
    "line\r\nRCPT TO:<other@example.com>@example.com",
    "nul\0@example.com",
    "x@" + "d" * 64 + ".example",
    "",
    "@example.com",
]


@dataclass
class Server:
    """A mail server that is not ours, and what it was handed."""

    envelopes: list[Envelope] = field(default_factory=list[Envelope])

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.envelopes.append(envelope)
        return "250 2.0.0 ok"


def send(
    database: Database,
    folder: Path,
    composer: PlainComposer | None = None,
    *,
    utf8: bool = True,
) -> list[Envelope]:
    """Send all that is due to the server; return what it took."""
    server = Server()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(
            lambda: SMTP(server, enable_SMTPUTF8=utf8, hostname="mx.example.com"),
            "127.0.0.1",
            0,
        )
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            setup = Setup(database, folder, port, address={"timeouts": QUICK})
            setup.composer = composer or PlainComposer()
            await setup.until(lambda: nothing_open(database))

    asyncio.run(run())
    return server.envelopes


def to_addresses(database: Database, ring: KeyRing, addresses: Sequence[str]) -> None:
    a_campaign(database, ring, len(addresses))
    with database.write() as connection:
        for number, address in enumerate(addresses, start=1):
            for rows_of in (DeliveryRow, ContactRow):
                found = table(rows_of)
                changed = update(found).where(found.c.id == number)
                connection.execute(changed.values(address=address))


class Bare(PlainComposer):
    """Letters whose header names nobody: only the envelope is looked at."""

    def compose(self, claim: Claim) -> Letter:
        letter = super().compose(claim)
        return letter._replace(content=b"Subject: Hello\r\n\r\nHello.\r\n")


def test_every_address_that_people_may_have_is_written_to_as_it_is(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    wanted = [parse_address(address).wire for address in ODD]
    to_addresses(database, ring, wanted)
    taken = send(database, tmp_path, Bare())
    assert states(database) == {"accepted": len(ODD)}
    assert sorted(one.rcpt_tos[0] for one in taken) == sorted(wanted)
    assert {len(one.rcpt_tos) for one in taken} == {1}


def test_an_address_that_needs_smtputf8_is_refused_alone_where_it_is_not_offered(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    wanted = [parse_address(address).wire for address in ODD]
    international = [address for address in wanted if not address.isascii()]
    to_addresses(database, ring, wanted)
    taken = send(database, tmp_path, Bare(), utf8=False)
    assert sorted(one.rcpt_tos[0] for one in taken) == sorted(
        set(wanted) - set(international)
    )
    refused = [row for row in rows(database) if row.state == "refused"]
    assert [row.address for row in refused] == international
    assert all(row.reply.startswith("5.6.7 ") for row in refused)


@pytest.mark.parametrize("address", ILLEGAL)
def test_what_is_no_address_never_comes_to_a_command(address: str) -> None:
    with pytest.raises(AddressError):
        parse_address(address)


def test_a_quoted_local_part_goes_to_the_relay_as_it_is(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    """Asked of a server of ours, which takes commands as they come: aiosmtpd unquotes."""
    to_addresses(database, ring, QUOTED)
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        setup = Setup(database, tmp_path, port, composer=Bare())
        await setup.until(lambda: nothing_open(database))
        await sink.stop()

    asyncio.run(run())
    assert sorted(one.recipient for one in sink.received) == sorted(QUOTED)


SMUGGLED = [
    "\r\n.\r\nMAIL FROM:<x@example.com>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\n",
    "\n.\n",
    "\r.\r",
    "\n.\r\n",
    "\r\n.\n",
    "\r.\r\n",
    "\r\n.\r",
    ".",
    "..",
    "\r\n..\r\n",
    "\0\r\n.\r\n",
    "\x85.\x85",
    "\u2028.\u2028",
    "\x0b.\x0b\x0c.\x0c",
    "\r\nBcc: victim@example.com\r\n\r\nx",
]
LETTERS = letters.ready(
    letters.source(
        "<p>Hello {{ name|default('friend') }} in {{ city }}</p>"
        "<pre>\n{{ city }}\n.\n.{{ city }}\n</pre>" + letters.FOOT,
        subject="News for {{ name|default('you') }}",
        kind=Kind.MARKETING,
        text="{{ city }}\n.\n.{{ city }}\n{{ unsubscribe_url }} {{ preferences_url }}\n"
        "{{ postal_address }}\n",
    )
)


class Personal(PlainComposer):
    """Real letters, in which a value is an awkward one."""

    def __init__(self, names: Sequence[str], cities: Sequence[str]) -> None:
        self.names = names
        self.cities = cities
        self.sent: dict[str, Letter] = {}

    def compose(self, claim: Claim) -> Letter:
        values = {"name": self.names[claim.id - 1], "city": self.cities[claim.id - 1]}
        whom = Person(claim.id, claim.address, dict(values))
        letter = LETTERS.compose(whom, claim.id, 1, DATE)
        self.sent[claim.address] = letter
        return letter

    def failed(self, claim: Claim) -> None:
        """A value that no header may have: the letter is withheld."""


def test_what_cannot_stand_in_a_header_is_withheld_and_the_others_arrive(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, len(SMUGGLED))
    composer = Personal(SMUGGLED, ["Oslo"] * len(SMUGGLED))
    taken = send(database, tmp_path, composer)
    require_same(composer, taken)
    withheld = [row for row in rows(database) if row.state == "withheld"]
    assert {row.reason for row in withheld} == {"cannot_compose"}
    assert len(taken) + len(withheld) == len(SMUGGLED)
    # Dots are no harm there.
    assert {"p8@example.com", "p9@example.com"} <= composer.sent.keys()
    assert "p1@example.com" not in composer.sent


def test_in_a_body_no_value_smuggles_a_second_letter_or_changes_the_first(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, len(SMUGGLED))
    composer = Personal(["Ida"] * len(SMUGGLED), SMUGGLED)
    taken = send(database, tmp_path, composer)
    require_same(composer, taken)
    assert states(database) == {"accepted": len(SMUGGLED)}


def require_same(composer: Personal, taken: Sequence[Envelope]) -> None:
    """Each letter came once, to its own recipient alone, and is the one that was made."""
    assert sorted(one.rcpt_tos[0] for one in taken) == sorted(composer.sent)
    for one in taken:
        assert len(one.rcpt_tos) == 1
        letter = composer.sent[one.rcpt_tos[0]]
        assert one.content == letter.content
        require_clean(letter)


def require_clean(letter: Letter) -> None:
    """No byte of it can be taken for an end of a line that is none."""
    assert b"\0" not in letter.content
    assert b"\r" not in letter.content.replace(b"\r\n", b"")
    assert b"\n" not in letter.content.replace(b"\r\n", b"")
    found = letters.read(letter)
    assert "Bcc" not in found


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.text(alphabet="\r\n.\0\x0b\x0c\x85\u2028ab <>@:", max_size=40))
def test_whatever_a_value_is_the_letter_has_one_end(value: str) -> None:
    person = Person(1, "p1@example.com", {"name": "Ida", "city": value})
    letter = LETTERS.compose(person, 1, 1, DATE)
    require_clean(letter)
    assert isinstance(envelope(letter, Features()), tuple)
    content, end = stuffed(letter)
    # As a receiver reads it: the first end is the last.
    wire = content + end
    assert wire.find(b"\r\n.\r\n") == len(wire) - len(b"\r\n.\r\n")


@dataclass
class Broken(PlainComposer):
    """It stumbles over one letter, as a bug of ours might."""

    over: int = 2
    stumbled: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        super().__init__()

    def compose(self, claim: Claim) -> Letter:
        if claim.id == self.over:
            raise LookupError("nobody thought of this")
        return super().compose(claim)

    def failed(self, claim: Claim) -> None:
        self.stumbled.append(claim.id)


def test_a_fault_of_ours_in_one_letter_holds_up_no_other(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 4)
    composer = Broken()
    assert len(send(database, tmp_path, composer)) == 3
    assert states(database) == {"accepted": 3, "withheld": 1}
    (row,) = (one for one in rows(database) if one.state == "withheld")
    assert row.reason == "cannot_compose"
    assert "LookupError('nobody thought of this')" in row.reply
