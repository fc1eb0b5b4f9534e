"""Sharing by consent: agreed to and withdrawn on one's own page, given on record."""

import pytest
from customers import RULES, joining
from sqlalchemy import func, select
from web.test_own_page import KARI, opened

from mailer.errors import RefusedError, WorkspaceError
from mailer.jobs.agreeing import agree as agree_to
from mailer.jobs.erase import erase
from mailer.jobs.export_contacts import partners_lines
from mailer.jobs.known import known_about
from mailer.jobs.requests import Request, record
from mailer.jobs.sharing import count_agreeing, give
from mailer.model.consent import Act, How, SuppressionReason
from mailer.model.contact import Details
from mailer.model.suppression import Suppression
from mailer.store.choicetables import SharedPersonRow, SharingRow
from mailer.store.contacts import change_contacts, get_contact
from mailer.store.evidence import evidence_of
from mailer.store.ledgercheck import verify_chain
from mailer.store.lists import words as words_of
from mailer.store.suppressions import suppress
from mailer.store.tables import table
from mailer.workspace.partners import read_partner, read_partners

PARTNERS = """
[acme]
title = "Acme <Tours>"
purpose = "Invites to guided tours."
gets = ["name"]

[[acme.wordings]]
version = 1
text = "Yes, give Acme my address and name."
"""
ACME = "partner:acme"


@pytest.fixture
def there(world, folder):
    """The workspace as jobs see it, with a partner."""
    (folder / "partners.toml").write_text(PARTNERS)
    return joining(world, folder, RULES).world


@pytest.fixture
def acme(there):
    return read_partner(there.folder, there.specs, "acme")


def given(there, acme, by="Ola"):
    return [one.address for page in give(there, acme, by) for one in page]


def test_a_person_agrees_on_her_own_page_and_only_then_is_given(
    page, world, kari, there, acme
):
    assert given(there, acme) == []
    at, session, text = opened(world, page)
    assert "Acme &lt;Tours&gt;" in text
    assert "Yes, give Acme my address and name." in text
    form = {"session": session, "about": ACME}
    assert "that you agree." in page.post(at, data={**form, "do": "share"}).text
    page.post(at, data={**form, "do": "share"})
    with world.database.read() as connection:
        entries = [
            one for one in evidence_of(connection, kari.contact_id) if one.list_id == ACME
        ]
        shown = words_of(connection, ACME, 1)
        assert verify_chain(world.database, world.ring, []).findings.named == []
    (entry,) = entries
    assert (entry.act, entry.wording) == (Act.CONFIRMED, 1)
    assert shown is not None
    assert shown.text == "Yes, give Acme my address and name."
    assert count_agreeing(there, acme) == 1
    assert given(there, acme) == [KARI]
    # It is no list of letters.
    assert "Acme" not in page.get(kari.preferences).text
    assert known_about(there, kari.contact_id).on_lists.count("Acme <Tours>") == 0


def agree(there, acme, kari):
    agree_to(there, kari.contact_id, acme, "192.0.2.1", "Mozilla")
    assert given(there, acme) == [KARI]


def test_what_she_withdraws_is_given_no_more_and_she_can_agree_again(
    page, world, kari, there, acme
):
    agree(there, acme, kari)
    at, session, text = opened(world, page)
    assert "You agreed to this on" in text
    form = {"session": session, "about": ACME}
    assert "not agree any more." in page.post(at, data={**form, "do": "unshare"}).text
    assert given(there, acme) == []
    page.post(at, data={**form, "do": "share"})
    assert given(there, acme) == [KARI]


def test_who_calls_is_given_no_more_and_can_agree_again(page, world, kari, there, acme):
    agree(there, acme, kari)
    request = Request(KARI, Act.WITHDRAWN, acme, "phone", "Ola")

    def asked(*, dry_run):
        return record(
            world.database, world.logbook, request, world.now, dry_run=dry_run
        ).changed

    assert asked(dry_run=True)
    assert given(there, acme) == [KARI]
    assert asked(dry_run=False)
    assert given(there, acme) == []
    assert not asked(dry_run=False)
    with world.database.read() as connection:
        steps = [
            (one.act, one.how)
            for one in evidence_of(connection, kari.contact_id)
            if one.list_id == ACME
        ]
    assert steps == [(Act.CONFIRMED, How.PAGE), (Act.WITHDRAWN, How.SUPPORT)]
    assert verify_chain(world.database, world.ring, []).findings.named == []
    agree(there, acme, kari)


def test_words_that_were_changed_keep_nobody_from_taking_it_back(
    world, kari, there, acme, folder
):
    agree(there, acme, kari)
    changed = PARTNERS.replace("my address and name", "all that you have")
    (folder / "partners.toml").write_text(changed)
    now = read_partner(there.folder, there.specs, "acme")
    request = Request(KARI, Act.WITHDRAWN, now, "phone", "Ola")
    assert record(world.database, world.logbook, request, world.now).changed
    assert given(there, acme) == []


@pytest.mark.parametrize("leave", ["all", "erase", "object"])
def test_who_says_no_to_everything_is_given_to_nobody(
    page, world, kari, there, acme, leave
):
    agree(there, acme, kari)
    if leave == "all":
        page.post(kari.unsubscribe, data={"leave": "all"})
    elif leave == "erase":
        erase(world.database, world.logbook, KARI, "Ola", lambda: world.now)
        with world.database.read() as connection:
            assert connection.execute(select(table(SharedPersonRow))).all() == []
    else:
        hashed = world.ring.suppression_hash(KARI)
        no = Suppression("marketing", SuppressionReason.OBJECTED, world.now, None, "")
        with world.database.write() as connection:
            suppress(connection, hashed, no)
    assert given(there, acme) == []


def test_new_words_are_agreed_to_anew(kari, there, acme, folder):
    agree(there, acme, kari)
    more = '[[acme.wordings]]\nversion = 2\ntext = "And my birthday."\n'
    (folder / "partners.toml").write_text(f"{PARTNERS}\n{more}")
    newer = read_partner(there.folder, there.specs, "acme")
    assert count_agreeing(there, newer) == 0
    (folder / "partners.toml").write_text(PARTNERS.replace("Yes,", "Oh yes,"))
    changed = read_partner(there.folder, there.specs, "acme")
    with pytest.raises(RefusedError, match=r"partners.toml, \[acme\]: version 1 of the"):
        given(there, changed)


def test_what_is_given_is_on_record_and_shown_to_her(page, world, kari, there, acme):
    agree(there, acme, kari)
    with pytest.raises(RefusedError, match="--by NAME"):
        given(there, acme, " ")
    with world.database.read() as connection:
        (row,) = connection.execute(select(table(SharingRow))).all()
    assert (row.partner, row.by, row.people) == ("acme", "Ola", 1)
    at, session, text = opened(world, page)
    assert "Acme &lt;Tours&gt; got your data on" in text
    found = page.post(at, data={"session": session, "do": "json"}).json()
    assert [one["partner"] for one in found["given_to"]] == ["acme"]
    read = page.post(at, data={"session": session, "do": "html"}).text
    assert "Acme &lt;Tours&gt; got your data on" in read
    assert "Invites to guided tours." in page.get("/privacy").text


def test_a_count_gives_nothing(world, kari, there, acme):
    agree_to(there, kari.contact_id, acme, None, None)
    assert count_agreeing(there, acme) == 1
    with world.database.read() as connection:
        many = connection.execute(select(func.count()).select_from(table(SharingRow)))
        assert many.scalar() == 0


def test_the_file_has_the_address_and_what_the_partner_gets_and_no_more(world, kari, there):
    with world.database.write() as connection:
        known = Details({"name": "=Kari", "points": 7}, "nb")
        change_contacts(connection, [(kari.contact_id, known)], world.now)
        contact = get_contact(connection, kari.contact_id)
    specs = {"name": there.specs["name"]}
    lines = "".join(partners_lines([[contact]], specs)).splitlines()
    assert lines == ["email,name", f"{KARI},'=Kari"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("acme", "Acme", "must be small letters"),
        ('gets = ["name"]', 'gets = ["nmae"]', "did you mean 'name'"),
        ("version = 1", "version = 2", "must have the versions 1, 2, 3"),
        ("title", "titel", "title is missing; is 'titel' meant"),
    ],
)
def test_a_mistake_in_the_file_is_named(folder, there, old, new, words):
    (folder / "partners.toml").write_text(PARTNERS.replace(old, new))
    with pytest.raises(WorkspaceError, match=r"partners\.toml") as caught:
        read_partners(there.folder, there.specs)
    assert words in str(caught.value)


@pytest.mark.usefixtures("kari", "there")
def test_a_partner_that_is_not_there_and_a_strange_form_change_nothing(page, world):
    at, session, _ = opened(world, page)
    before = world.entries()
    for name in ("other", "", "news"):
        page.post(at, data={"session": session, "partner": name, "do": "share"})
    page.post(at, data={"session": "forged", "about": ACME, "do": "share"})
    assert world.entries() == before
