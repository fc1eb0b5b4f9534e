"""Reports that a relay signed: who may report by mail without a token of ours.

A relay such as a sending service replaces Message-ID and return path, so that only its own
id in a report says which letter it means. That id is no secret: it counts where the report
comes from an address that the settings name for that relay, where DKIM signed it with the
key that DNS has for that address's domain, and where the letter went by that relay to the
very address that is spoken of. What was not signed is not read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.errors import AddressError
from mailer.model.address import parse_address
from mailer.model.notice import Notice
from mailer.store.database import Database
from mailer.store.hooks import by_relay_id
from mailer.store.incoming import Concern, Unsorted
from mailer.triage.attribution import Untied
from mailer.triage.signature import is_proven, sender_of, signatures
from mailer.wire.dns import Dns, DnsServers, DnsUnknownError

WAITS_FOR_DNS = timedelta(days=1)
"""So long a report waits for the key that it was signed with."""

Records = Callable[[str], list[str]]
"""Asks DNS for the TXT records of a name; raises a DnsUnknownError when nobody can tell."""


def _nothing(name: str) -> list[str]:
    del name
    return []


def records_by_dns(asked: DnsServers) -> Records:
    """Return what asks DNS; a name for which there was no answer is not asked for again."""
    unanswered: dict[str, DnsUnknownError] = {}

    def ask(name: str) -> list[str]:
        if name in unanswered:
            raise unanswered[name]
        try:
            return Dns(asked).texts(name)
        except DnsUnknownError as problem:
            unanswered[name] = problem
            raise

    return ask


@dataclass(frozen=True, slots=True)
class Reporters:
    """Whose signed reports count.

    Args:
        relays: By the address that reports come from (in small letters), the relays whose
            letters it may speak of.
    """

    relays: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    records: Records = _nothing

    def signed_part(self, one: Unsorted, sender: str) -> bytes | None:
        """Return what the sender's domain signed of a message; None for nothing.

        Raises:
            DnsUnknownError: when its key can't be asked for at the moment.
        """
        for signed in signatures(one.raw, sender, one.received_at):
            if is_proven(signed, self.records(signed.key_name)):
                return signed.part
        return None


def called_so(
    database: Database, notice: Notice, relays: frozenset[str] | None = None
) -> Concern | None:
    """Return the one letter to whom a notice names that a relay calls as it does.

    Args:
        relays: Only letters that were handed to these; None for all.
    """
    matches: list[str] = []
    for person in notice.recipients:
        try:
            matches.append(parse_address(person.address).match)
        except AddressError:
            continue
    with database.read() as connection:
        found = by_relay_id(connection, matches, _ids(notice), sorted(relays or ()))
    return found[0] if len(found) == 1 else None


def _ids(notice: Notice) -> list[str]:
    """Return by what a relay may call the letter: some make its Message-ID of their id."""
    clues = notice.clues
    named = [part for one in clues.message_ids[:1] for part in (one.partition("@")[0], one)]
    return [one for one in dict.fromkeys([*clues.relay_ids, *named]) if one]


def vouched_for(
    database: Database,
    reporters: Reporters,
    one: Unsorted,
    notice: Notice,
    read: Callable[[bytes], Notice],
) -> tuple[Notice, Concern] | Untied:
    """Return what a relay signed of a report, with the letter of ours that it is about.

    Args:
        read: Understands a message.

    Raises:
        DnsUnknownError: when the key can't be asked for at the moment.
    """
    sender = sender_of(one.raw)
    relays = reporters.relays.get(sender)
    # Whoever names no letter of that relay's makes us ask nobody.
    if not relays or called_so(database, notice, relays) is None:
        return Untied("no return path, envelope id or Message-ID of ours in it")
    part = reporters.signed_part(one, sender)
    if part is None:
        return Untied(f"it has a relay's id, and no signature of {sender[:100]} that holds")
    signed = read(part)
    if type(signed) is not type(notice):
        return Untied("what was signed of it says something else")
    concern = called_so(database, signed, relays)
    if concern is None:
        return Untied("what was signed of it names no letter of ours")
    return signed, concern


def waits_for_dns(one: Unsorted, now: datetime) -> bool:
    """Say whether a report still waits for the key that it was signed with."""
    return now - one.received_at < WAITS_FOR_DNS
