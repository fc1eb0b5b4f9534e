"""Whose mailbox is whose in the database, and claiming for each provider by itself."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from audiences import NOW, add_people, campaign, see_list, world
from nameserver import name_server
from sending import a_campaign, now
from sqlalchemy import Connection, func, insert, select, update

from mailer.jobs.plan import plan
from mailer.jobs.providers import (
    declare_providers,
    hosts_by_dns,
    is_reserved,
    learn_domains,
    regroup_letters,
)
from mailer.model.key import KeyRing
from mailer.pace.providers import Limits, Provider, Providers
from mailer.pace.shaping import WELL, Standing
from mailer.store import maildomains, owners
from mailer.store.claims import Claims
from mailer.store.database import Database
from mailer.store.drafts import draft_of, keep_draft
from mailer.store.providerstates import forget_states, keep_states, provider_states
from mailer.store.shapingtables import ProviderStateRow
from mailer.store.tables import ContactRow, DeliveryRow, table
from mailer.store.waiting import due_campaigns
from mailer.wire.dns import DnsServers

CONTACT, DELIVERY = table(ContactRow), table(DeliveryRow)
KNOWN = Providers(
    {
        "big": Provider("big", Limits(20), ("mx.big.example",), ("big.example",)),
        "small": Provider("small", domains=("small.example",)),
    }
)


def with_addresses(database: Database, *addresses: str) -> None:
    with database.write() as connection:
        see_list(connection)
        add_people(connection, range(1, len(addresses) + 1))
        for person, address in enumerate(addresses, 1):
            connection.execute(
                update(CONTACT).where(CONTACT.c.id == person).values(address=address)
            )


def test_planning_writes_down_each_recipients_provider(database: Database) -> None:
    with_addresses(
        database,
        "a@gmail.com",
        "b@hosted.example",
        "c@example.org",
        '"x@gmail.com"@d.example',
    )
    with database.write() as connection:
        maildomains.note(connection, {"hosted.example": "gmail"}, NOW + timedelta(days=1))
        number = campaign(connection)
    assert plan(world(database), number) is not None
    with database.read() as connection:
        found = connection.execute(select(DELIVERY.c.provider).order_by(DELIVERY.c.id))
        assert list(found.scalars()) == ["gmail", "gmail", "other", "other"]


def test_what_the_files_list_replaces_what_they_listed_and_keeps_what_dns_said(
    database: Database,
) -> None:
    with database.write() as connection:
        maildomains.declare(connection, {"old.example": "big"})
        maildomains.note(connection, {"hosted.example": "big"}, NOW)
    declare_providers(database, KNOWN)
    declare_providers(database, KNOWN)
    with database.read() as connection:
        assert maildomains.is_declared(connection, KNOWN.listed())
        assert maildomains.domains_of(connection, ["big"]) == {"big": 2}


def waits(database: Database) -> bool:
    """Say whether somebody waits for a lock of this database."""
    with database.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(found.scalar_one())


def while_another(database: Database, work: Callable[[Connection], None]) -> None:
    """Do something while another program has done it and not committed yet."""

    def mine() -> None:
        with database.write() as connection:
            work(connection)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as connection:
            work(connection)
            done = pool.submit(mine)
            # On SQLite it waits for its turn at writing, which nobody can see.
            while not (database.is_sqlite or done.done() or waits(database)):
                time.sleep(0.01)
        done.result()


def test_programs_that_find_the_same_domains_missing_do_not_trip_each_other(
    database: Database,
) -> None:
    listed = {"big.example": "big", "large.example": "big"}
    while_another(database, lambda connection: maildomains.declare(connection, listed))
    found = {"big.example": "big", "vast.example": "big"}
    while_another(database, lambda connection: maildomains.note(connection, found, NOW))
    with database.read() as connection:
        assert maildomains.domains_of(connection, ["big"]) == {"big": 3}


def test_a_draft_that_two_find_missing_is_begun_once(database: Database) -> None:
    typed = iter(["Dear Kari", None])

    def type_on(connection: Connection) -> None:
        keep_draft(connection, 7, 1, next(typed), NOW, version=1, writing=True)

    while_another(database, type_on)
    with database.read() as connection:
        draft = draft_of(connection, 7, 1)
    # Whoever only looks leaves what was typed.
    assert draft is not None
    assert draft.text == "Dear Kari"


def test_dns_says_once_whose_domains_are_and_again_when_that_is_old(
    database: Database,
) -> None:
    with_addresses(database, "a@hosted.example", "b@own.example", "c@none.example")
    records = {
        ("hosted.example", "MX"): ["10 a.mx.big.example."],
        ("own.example", "MX"): ["10 mail.own.example."],
    }
    with name_server(records) as server:
        asks = hosts_by_dns(DnsServers((server,), 1))
        assert learn_domains(database, KNOWN, asks, NOW) == 1
        assert learn_domains(database, KNOWN, asks, NOW) == 0
        assert learn_domains(database, KNOWN, asks, NOW + timedelta(days=8)) == 1
    with database.read() as connection:
        assert maildomains.domains_of(connection, ["big", "other"]) == {
            "big": 2,
            "other": 2,
        }
        assert not maildomains.unknown_domains(connection, 9, NOW + timedelta(days=9))


@pytest.mark.parametrize(
    "domain", ["shop.test", "example.com", "mail.Example.org", "example", "x.invalid."]
)
def test_the_world_s_servers_are_not_asked_about_domains_of_examples(domain: str) -> None:
    assert is_reserved(domain)
    assert hosts_by_dns(DnsServers((), 1))(domain) == ()


def test_other_domains_are_no_examples() -> None:
    assert not [
        one for one in ("example.no", "test.com", "nexample.com") if is_reserved(one)
    ]


def test_without_dns_nobody_is_asked_for_long_and_later_again(database: Database) -> None:
    with_addresses(database, *(f"p@d{number}.example" for number in range(9)))
    asked: list[str] = []

    def nobody(domain: str) -> None:
        asked.append(domain)

    assert learn_domains(database, KNOWN, nobody, NOW) == 0
    assert len(asked) == 5
    with database.read() as connection:
        assert len(maildomains.unknown_domains(connection, 99, NOW)) == 4
        later = NOW + timedelta(hours=7)
        assert len(maildomains.unknown_domains(connection, 99, later)) == 9


def test_no_answer_takes_nothing_of_what_was_known(database: Database) -> None:
    with_addresses(database, "a@hosted.example", "b@new.example")
    with database.write() as connection:
        maildomains.note(connection, {"hosted.example": "big"}, NOW)
    later = NOW + timedelta(days=1)
    assert learn_domains(database, KNOWN, lambda _: None, later) == 0
    with database.read() as connection:
        assert maildomains.domains_of(connection, ["big", "other"]) == {
            "big": 2,
            "other": 1,
        }
        assert not maildomains.unknown_domains(connection, 9, later)
        again = later + timedelta(hours=7)
        assert len(maildomains.unknown_domains(connection, 9, again)) == 2


def test_what_was_not_asked_before_the_end_is_asked_at_the_next_start(
    database: Database,
) -> None:
    with_addresses(database, "a@one.example", "b@two.example", "c@three.example")
    asked: list[str] = []

    def hosts(domain: str) -> list[str]:
        asked.append(domain)
        return ["a.mx.big.example"]

    assert learn_domains(database, KNOWN, hosts, NOW, lambda: len(asked) == 1) == 1
    assert len(asked) == 1
    assert learn_domains(database, KNOWN, hosts, NOW) == 2
    assert sorted(asked) == ["one.example", "three.example", "two.example"]


def test_letters_that_wait_are_grouped_anew_when_dns_says_whose_they_are(
    database: Database, ring: KeyRing
) -> None:
    number = a_campaign(database, ring, 1200)
    with database.write() as connection:
        for first, last, domain in ((1, 700, "hosted"), (701, 720, "own")):
            some = DELIVERY.c.id.between(first, last)
            changed = update(DELIVERY).where(some).values(address=f"p@{domain}.example")
            connection.execute(changed)
        contacts = update(CONTACT).where(CONTACT.c.id <= 700)
        connection.execute(contacts.values(address="p@hosted.example"))
        owner = owners.register(connection, "here", 1, now())
        claims = Claims(connection, owner, timedelta(minutes=5))
        in_hand = claims.of_campaign(connection, number, 100, now())
    assert max(in_hand) <= 700

    def hosts(domain: str) -> list[str]:
        return ["a.mx.big.example"] if domain == "hosted.example" else ["mx.own.example"]

    assert learn_domains(database, KNOWN, hosts, now()) == 1
    with database.read() as connection:
        asked = select(DELIVERY.c.provider, func.count()).group_by(DELIVERY.c.provider)
        found = sorted((name, count) for name, count in connection.execute(asked))
        assert found == [("big", 600), ("other", 600)]
        (running,) = due_campaigns(connection, now())
    assert running.providers == ("big", "other")
    # What was in hand, and comes back, follows.
    with database.write() as connection:
        claims.give_back(connection, in_hand)
    assert regroup_letters(database) == 100
    assert regroup_letters(database) == 0


def test_letters_are_grouped_anew_whatever_turn_their_domain_had(
    database: Database, ring: KeyRing
) -> None:
    domains = [f"d{number:04}.example" for number in range(1300)]
    with_addresses(database, *(f"p@{domain}" for domain in domains))
    a_campaign(database, ring, 1300)
    with database.write() as connection:
        for number, domain in enumerate(domains, 1):
            one = update(DELIVERY).where(DELIVERY.c.id == number)
            connection.execute(one.values(address=f"p@{domain}"))
    learn_domains(database, KNOWN, lambda _: ["a.mx.big.example"], now())
    with database.read() as connection:
        found = connection.execute(select(DELIVERY.c.provider).distinct()).scalars().all()
    assert found == ["big"]


def test_each_provider_of_a_campaign_is_claimed_by_itself(
    database: Database, ring: KeyRing
) -> None:
    number = a_campaign(database, ring, 6)
    with database.write() as connection:
        for place, provider in ((1, "big"), (2, "big"), (3, "small")):
            one = update(DELIVERY).where(DELIVERY.c.id == place)
            connection.execute(one.values(provider=provider))
        later = update(DELIVERY).where(DELIVERY.c.id == 3)
        connection.execute(later.values(due_at=now() + timedelta(hours=1)))
        owner = owners.register(connection, "here", 1, now())
        (running,) = due_campaigns(connection, now())
        assert (running.id, running.providers) == (number, ("big", "other"))
        claims = Claims(connection, owner, timedelta(minutes=5))
        taken = claims.of_campaign(connection, number, 9, now(), "big")
        assert sorted(taken) == [1, 2]
        assert {one.provider for one in claims.read(connection, taken)} == {"big"}
        (running,) = due_campaigns(connection, now() + timedelta(hours=2))
        assert running.providers == ("other", "small")


def test_what_was_learnt_of_a_provider_is_kept_as_it_was(database: Database) -> None:
    learnt = Standing(2.5, 3, 20, 1, 2, NOW, True, NOW, "", NOW, "421-4.7.28", 3)
    with database.write() as connection:
        keep_states(connection, {"big": learnt, "small": WELL}, NOW)
        keep_states(connection, {"small": learnt}, NOW + timedelta(days=5))
        assert provider_states(connection, ["small"]) == {"small": learnt}
        assert provider_states(connection) == {"big": learnt, "small": learnt}
        forget_states(connection, NOW + timedelta(days=1))
        assert set(provider_states(connection)) == {"small"}


def test_however_many_domains_were_in_trouble_are_forgotten(database: Database) -> None:
    """A statement takes no more than 65,535 values (PostgreSQL)."""
    rows = table(ProviderStateRow)
    with database.write() as connection:
        keep_states(connection, {"one": Standing(failures=1)}, NOW)
        one = connection.execute(select(rows.c.at, rows.c.seen)).one()
        many = [
            {"provider": f"{n}.test", "at": one.at, "seen": one.seen} for n in range(65_536)
        ]
        connection.execute(insert(rows), many)
    with database.write() as connection:
        forget_states(connection, NOW + timedelta(days=1))
        assert provider_states(connection) == {}


def test_a_provider_that_was_stopped_is_stopped_until_a_person_says_otherwise(
    database: Database,
) -> None:
    stopped = Standing(stopped="550-5.7.515", broken=True, slowed_at=NOW)
    with database.write() as connection:
        keep_states(connection, {"big": stopped, "small": Standing(failures=1)}, NOW)
    # A newsletter that leaves once a week writes nothing there meanwhile.
    learn_domains(database, KNOWN, lambda _: (), NOW + timedelta(days=7))
    with database.read() as connection:
        assert provider_states(connection) == {"big": stopped}
