from pathlib import Path

import pytest
from audiences import NEWS, NOW, add_people, make_folder, world, write_template

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.check_template import Asked, Checked, check_template
from mailer.jobs.order import Order
from mailer.jobs.start_campaign import gather, start
from mailer.jobs.world import World
from mailer.model.finding import Finding, Rule, Severity, errors_of
from mailer.store.database import Database

FOOT = '<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Leave</a></p>'
OFFLINE = Asked(spam=False)


@pytest.fixture
def here(database: Database, tmp_path: Path) -> World:
    """A workspace with four people on its list, one of them without a name."""
    with database.write() as connection:
        add_people(connection, range(1, 4), {"name": "Kari", "country": "NO"})
        add_people(connection, [4], {"country": "SE"})
    return world(database, str(make_folder(tmp_path / "shop")))


def checked(here: World, body: str) -> Checked:
    html = f'<html lang="en"><body>\n{body}\n{FOOT}</body></html>'
    write_template(Path(here.folder), "digest", body=html)
    return check_template(here, "digest", NEWS, OFFLINE, NOW)


def of(rule: Rule, found: Checked) -> list[Finding]:
    return [one for one in found.findings if one.rule is rule]


def test_people_of_the_list_who_lack_a_value_are_counted(here: World):
    [one] = of(Rule.FALLBACK, checked(here, "<p>Hello {{ name }}</p>"))
    assert (one.severity, one.line) == (Severity.ERROR, 2)
    assert one.words.startswith("1 of 4 people have no 'name'")


def test_the_largest_letter_of_the_people_is_measured(here: World):
    found = checked(
        here, "{% if country == 'SE' %}" + "<p>Mye</p>" * 11_000 + "{% endif %}"
    )
    assert found.html_bytes > 102 * 1024
    assert [one.severity for one in of(Rule.SIZE, found)] == [Severity.ERROR]


def test_a_template_that_cannot_be_composed_is_a_finding_and_no_crash(here: World):
    found = checked(here, "<p>{{ nmae }}</p>")
    [one] = found.findings
    assert (one.rule, one.severity, one.line) == (Rule.TEMPLATE, Severity.ERROR, 2)


def test_a_sample_that_lacks_a_value_is_told(here: World):
    [one] = of(Rule.TEMPLATE, checked(here, "<p>{{ name }}</p>"))
    assert "the made-up person of [sample] gets no letter" in one.words


def test_an_unknown_template_is_a_mistake(here: World):
    with pytest.raises(NotFoundError, match="digset"):
        check_template(here, "digset", NEWS, OFFLINE, NOW)


def test_a_campaign_does_not_start_with_an_error_and_does_with_a_warning(here: World):
    order = Order("digest", "newsletter")
    checked(here, '<p><a href="/shop">Shop</a></p>')
    ready = gather(here, order, NOW)
    assert [one.line for one in errors_of(ready.findings)] == [2]
    with pytest.raises(RefusedError, match=r"body\.html, line 2: the link /shop is rel"):
        start(here, ready, NOW)
    checked(here, '<p><a href="http://example.com/shop">Shop</a></p>')
    ready = gather(here, order, NOW)
    assert errors_of(ready.findings) == ()
    assert any(one.severity is Severity.WARNING for one in ready.findings)
    assert start(here, ready, NOW)


def test_an_error_stops_a_campaign_also_where_people_may_be_left_out(here: World):
    checked(here, '<p><a href="#">Shop</a></p>')
    ready = gather(here, Order("digest", "newsletter", allow_withheld=True), NOW)
    with pytest.raises(RefusedError, match="leads nowhere"):
        start(here, ready, NOW)
