"""Signing in on both databases: what counts, what ends, and what cannot be guessed."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs import staff
from mailer.jobs.forget_deeds import forget_old_deeds
from mailer.jobs.sign_in import (
    Knock,
    Opened,
    SignInRules,
    TooOften,
    Wrong,
    session_behind,
    sign_in,
)
from mailer.jobs.staff import NewStaff
from mailer.model.staff import Role
from mailer.model.token import TokenBox
from mailer.store import sessions
from mailer.store.staff import deeds, find_staff

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
PASSWORD = "four words not together"
RULES = SignInRules(here=2, name=4, network=5)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def tokens(ring) -> TokenBox:
    return TokenBox(ring)


@pytest.fixture
def secret(database, tokens) -> str:
    return ready(database, tokens, "Kari")


def ready(database, tokens, name: str) -> str:
    """Add somebody who has chosen a password; return the secret of their codes."""
    link = staff.add(database, NewStaff(name), [], "test", NOW)
    found = staff.invitation(database, tokens, link, "shop", NOW)
    assert found is not None
    code = pyotp.TOTP(found.secret).at(NOW)
    staff.accept(database, tokens, link, PASSWORD, code, NOW)
    return found.secret


def knock(secret: str, at: datetime, **more: str) -> Knock:
    values = {"name": "Kari", "password": PASSWORD, "network": "192.0.2.1"}
    values["code"] = pyotp.TOTP(secret).at(at)
    return Knock(**{**values, **more})


def test_name_password_and_code_open_a_session_and_each_code_does_once(
    database, tokens, secret
):
    at = NOW + A_MINUTE
    opened = sign_in(database, tokens, knock(secret, at, name="KARI"), RULES, at)
    assert isinstance(opened, Opened)
    found = session_behind(database, opened.secret, RULES, at)
    assert found is not None
    assert (found.staff.name, found.staff.role) == ("Kari", Role.AGENT)
    again = sign_in(database, tokens, knock(secret, at), RULES, at)
    assert isinstance(again, Wrong)
    with database.read() as connection:
        kept = find_staff(connection, "kari")
        said = [one.what for one in deeds(connection, 10)]
    assert kept is not None
    assert kept.password.startswith("$argon2id$")
    assert kept.secret is not None
    assert secret.encode() not in kept.secret
    assert said == ["signed in", "chose a password", "added Kari as agent"]


@pytest.mark.parametrize(
    "wrong", [{"password": PASSWORD + "!"}, {"code": "000000"}, {"name": "Ola"}]
)
def test_what_does_not_fit_opens_nothing_and_is_counted(database, tokens, secret, wrong):
    at = NOW + A_MINUTE
    bad = knock(secret, at, **wrong)
    for _ in range(RULES.here):
        assert isinstance(sign_in(database, tokens, bad, RULES, at), Wrong)
    assert isinstance(sign_in(database, tokens, bad, RULES, at), TooOften)
    good = knock(secret, at, network="198.51.100.7")
    assert isinstance(sign_in(database, tokens, good, RULES, at), Opened)


def test_who_guesses_is_shut_out_even_with_the_right_password_and_not_for_ever(
    database, tokens, secret
):
    at = NOW + A_MINUTE
    for number in range(RULES.name):
        bad = knock(secret, at, code="000000", network=f"192.0.2.{number}")
        assert isinstance(sign_in(database, tokens, bad, RULES, at), Wrong)
    elsewhere = knock(secret, at, network="203.0.113.1")
    assert isinstance(sign_in(database, tokens, elsewhere, RULES, at), TooOften)
    later = at + RULES.within + timedelta(seconds=1)
    assert isinstance(sign_in(database, tokens, knock(secret, later), RULES, later), Opened)


def test_one_network_tries_only_so_many_names(database, tokens, secret):
    at = NOW + A_MINUTE
    for number in range(RULES.network):
        sign_in(database, tokens, knock(secret, at, name=f"Nobody {number}"), RULES, at)
    assert isinstance(sign_in(database, tokens, knock(secret, at), RULES, at), TooOften)


def test_a_session_ends_when_nothing_is_done_and_after_its_time(database, tokens, secret):
    at = NOW + A_MINUTE
    opened = sign_in(database, tokens, knock(secret, at), RULES, at)
    assert isinstance(opened, Opened)
    idle = at + RULES.idle
    assert session_behind(database, opened.secret, RULES, idle) is None
    seen = at
    while seen < at + RULES.lasts - timedelta(hours=1):
        seen += timedelta(hours=1)
        assert session_behind(database, opened.secret, RULES, seen) is not None
    assert session_behind(database, opened.secret, RULES, at + RULES.lasts) is None
    assert session_behind(database, "x" * 43, RULES, at) is None


def test_who_does_nothing_is_signed_out_though_the_clock_was_put_back(
    database, tokens, secret
):
    at = NOW + A_MINUTE
    opened = sign_in(database, tokens, knock(secret, at), RULES, at)
    assert isinstance(opened, Opened)
    back = at - timedelta(days=1)
    assert session_behind(database, opened.secret, RULES, back) is not None
    assert session_behind(database, opened.secret, RULES, back + RULES.idle) is None


def test_a_link_is_used_once_ends_and_a_newer_one_shuts_out_the_old_ways(
    database, tokens, secret
):
    at = NOW + A_MINUTE
    opened = sign_in(database, tokens, knock(secret, at), RULES, at)
    assert isinstance(opened, Opened)
    link = staff.invite(database, "kari", "test", at)
    assert session_behind(database, opened.secret, RULES, at) is None
    again = at + A_MINUTE
    answer = sign_in(database, tokens, knock(secret, again), RULES, again)
    assert isinstance(answer, Wrong)
    late = at + staff.INVITED_FOR
    assert staff.invitation(database, tokens, link, "", late) is None
    found = staff.invitation(database, tokens, link, "", at)
    assert found is not None
    assert found.secret != secret
    with pytest.raises(NotFoundError, match="does not work any more"):
        staff.accept(database, tokens, link, PASSWORD, "", late)


def test_a_name_is_one_person_s_and_easy_passwords_are_refused(database, tokens, secret):
    with pytest.raises(RefusedError, match="already"):
        staff.add(database, NewStaff("kARI"), [], "test", NOW)
    with pytest.raises(RefusedError, match="must begin with a letter"):
        staff.add(database, NewStaff("<b>Kari"), [], "test", NOW)
    with pytest.raises(NotFoundError, match="suport"):
        staff.add(database, NewStaff("Ola", mailboxes=("suport",)), ["support"], "t", NOW)
    assert "at least 12" in staff.weakness("short", "Kari")
    for easy in ("aaaaaaaaaaaaaa", "mypassword12", "Karikarikari"):
        assert "guessed" in staff.weakness(easy, "Kari"), easy
    assert staff.weakness(PASSWORD, "Kari") == ""


def test_old_attempts_are_forgotten(database, tokens, secret):
    at = NOW + A_MINUTE
    sign_in(database, tokens, knock(secret, at, code="0"), RULES, at)
    later = at + RULES.within
    sign_in(database, tokens, knock(secret, later, code="0"), RULES, later)
    with database.read() as connection:
        tries = sessions.count_tries(connection, "kari", "192.0.2.1", NOW, later)
    assert tries.here == 1


def test_what_the_staff_did_is_forgotten_after_its_time(database, tokens):
    ready(database, tokens, "Kari")
    with database.read() as connection:
        known = len(deeds(connection, 99))
    assert known
    a_year = timedelta(days=365)
    assert forget_old_deeds(database, a_year, NOW + a_year) == 0
    assert forget_old_deeds(database, timedelta(), NOW + 2 * a_year) == 0
    assert forget_old_deeds(database, a_year, NOW + a_year + A_MINUTE) == known
    with database.read() as connection:
        assert deeds(connection, 99) == []
