"""Whose domain is whose: what the files say of mailbox providers, and what DNS said."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)

from mailer.model.provider import OTHER
from mailer.store.shapingtables import MailDomainRow
from mailer.store.tables import ContactRow, table

_known = table(MailDomainRow)
_contact = table(ContactRow)


def _domain(address: ColumnElement[Any], dialect: Dialect) -> ColumnElement[Any]:
    """Spell the domain of an address; of a quoted `"a@b"@c` it is one that nobody has."""
    place = func.instr if dialect.name == "sqlite" else func.strpos
    at: ColumnElement[str] = literal_column("'@'")
    return func.substr(address, place(address, at) + literal_column("1", Integer()))


def provider_of(address: ColumnElement[Any], dialect: Dialect) -> ColumnElement[Any]:
    """Spell the provider of an address, as known at the moment."""
    found = select(_known.c.provider).where(_known.c.domain == _domain(address, dialect))
    return func.coalesce(found.scalar_subquery(), literal_column(f"'{OTHER}'"))


def declare(connection: Connection, listed: Mapping[str, str]) -> None:
    """Make the domains that stand in the files known, each with its provider."""
    _take_turn(connection)
    ours = _known.c.expires_at.is_(None)
    connection.execute(delete(_known).where(ours))
    _put(connection, listed, None)


def is_declared(connection: Connection, listed: Mapping[str, str]) -> bool:
    """Say whether the domains that stand in the files are known as they stand there."""
    ours = select(_known.c.domain, _known.c.provider).where(_known.c.expires_at.is_(None))
    return {row.domain: row.provider for row in connection.execute(ours)} == listed


def note(connection: Connection, found: Mapping[str, str], until: datetime) -> None:
    """Write down what DNS said, to be asked again after a moment."""
    _take_turn(connection)
    _put(connection, found, until)


def put_off(connection: Connection, domains: Sequence[str], until: datetime) -> None:
    """Have domains about which DNS gave no answer asked again after a moment.

    What was known of them before counts until then.
    """
    _take_turn(connection)
    before = connection.execute(
        update(_known)
        .where(_known.c.domain.in_(domains))
        .values(expires_at=until)
        .returning(_known.c.domain)
    )
    new = set(domains).difference(before.scalars())
    _put(connection, dict.fromkeys(sorted(new), OTHER), until)


def _take_turn(connection: Connection) -> None:
    """Let no other program write of domains until the transaction's end.

    Several may plan at the same moment, and find the same domains missing. On SQLite
    whoever writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE mail_domain IN SHARE ROW EXCLUSIVE MODE")


def _put(connection: Connection, found: Mapping[str, str], until: datetime | None) -> None:
    if not found:
        return
    names = list(found)
    connection.execute(delete(_known).where(_known.c.domain.in_(names)))
    rows = [
        {"domain": domain, "provider": provider, "expires_at": until}
        for domain, provider in found.items()
    ]
    connection.execute(insert(_known), rows)


def unknown_domains(connection: Connection, limit: int, now: datetime) -> Sequence[str]:
    """Return domains of contacts of which nothing is known (any more), the largest first.

    It reads all contacts.
    """
    domain = _domain(_contact.c.address, connection.dialect).label("domain")
    each = select(domain, func.count().label("people")).group_by(domain).subquery()
    known = exists(
        select(_known.c.domain).where(
            _known.c.domain == each.c.domain,
            _known.c.expires_at.is_(None) | (_known.c.expires_at > now),
        )
    )
    found = connection.execute(
        select(each.c.domain)
        .where(~known, each.c.domain != "")
        .order_by(each.c.people.desc(), each.c.domain)
        .limit(limit)
    )
    return found.scalars().all()


def domains_of(connection: Connection, providers: Iterable[str]) -> dict[str, int]:
    """Count the domains that are known of some providers."""
    rows = connection.execute(
        select(_known.c.provider, func.count().label("domains"))
        .where(_known.c.provider.in_(list(providers)))
        .group_by(_known.c.provider)
    )
    return {row.provider: row.domains for row in rows}
