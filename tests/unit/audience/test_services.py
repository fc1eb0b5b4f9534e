"""Export files of other services: when in doubt somebody is no member."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.audience.exports import Export, adapter_of, refusals_in
from mailer.audience.services import Standing, cell_of, json_values
from mailer.audience.shapes import Service
from mailer.errors import ImportFileError

ZONES = frozenset({"Europe/Oslo"})


def adapter(service, header, name="people.csv", told=None, declared=("name",)):
    export = Export(service, header, name, told)
    return adapter_of(export, dict.fromkeys(declared), ZONES)


KLAVIYO = ("Email", "Email Marketing Consent", "Email Suppressions")


@pytest.mark.parametrize(
    ("cells", "want"),
    [
        (("a", "SUBSCRIBED", ""), Standing.MEMBER),
        (("a", "SUBSCRIBED", "[]"), Standing.MEMBER),
        (("a", "Subscribed", '["HARD_BOUNCE"]'), Standing.BOUNCED),
        (("a", "SUBSCRIBED", '["SPAM_COMPLAINT"]'), Standing.COMPLAINED),
        (("a", "SUBSCRIBED", '["USER_SUPPRESSED"]'), Standing.UNSUBSCRIBED),
        (("a", "UNSUBSCRIBED", ""), Standing.UNSUBSCRIBED),
        (("a", "NEVER_SUBSCRIBED", ""), Standing.NEVER),
        (("a", "Never subscribed", ""), Standing.NEVER),
        (("a", "", ""), Standing.NEVER),
        (("a", "maybe", ""), Standing.NEVER),
    ],
)
def test_klaviyo_says_it_in_a_column(cells, want):
    assert adapter(Service.KLAVIYO, KLAVIYO).standing(cells) is want


@given(st.text(max_size=20), st.text(max_size=20))
def test_only_who_is_said_to_be_subscribed_is_a_member(consent, suppressions):
    found = adapter(Service.KLAVIYO, KLAVIYO).standing(("a", consent, suppressions))
    if found is Standing.MEMBER:
        assert consent.strip().lower() in {"subscribed", "enabled", "confirmed"}
        assert suppressions.strip().lower() in {"", "[]", "{}", "null", "none", "n/a"}


@pytest.mark.parametrize(
    ("word", "want"),
    [("false", Standing.MEMBER), ("0", Standing.MEMBER), ("TRUE", Standing.UNSUBSCRIBED),
     ("1", Standing.UNSUBSCRIBED), ("", Standing.NEVER), ("?", Standing.NEVER)],
)  # fmt: skip
def test_brevo_says_yes_of_those_who_are_blocked(word, want):
    found = adapter(Service.BREVO, ("EMAIL", "EMAIL_BLACKLISTED"))
    assert found.standing(("a", word)) is want


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("subscribed_members_export_1.csv", Standing.MEMBER),
        ("nonsubscribed_members_export_1.csv", Standing.NEVER),
        ("unsubscribed_members_export_1.csv", Standing.UNSUBSCRIBED),
        ("cleaned_members_export_1.csv", Standing.BOUNCED),
        ("our list, cleaned up.csv", Standing.MEMBER),
        ("archived_contacts.csv", Standing.NEVER),
    ],
)
def test_a_file_is_told_by_its_name_where_its_columns_do_not(name, want):
    assert adapter(Service.MAILCHIMP, ("Email Address",), name).whole is want


def test_the_columns_weigh_more_than_the_name_and_what_is_said_most():
    header = ("Email Address", "UNSUB_TIME", "UNSUB_REASON")
    found = adapter(Service.MAILCHIMP, header, "subscribed_members.csv")
    assert found.whole is Standing.UNSUBSCRIBED
    assert found.standing(("a", "2024-01-01", "ABUSE")) is Standing.COMPLAINED
    told = adapter(Service.MAILCHIMP, header, told=Standing.BOUNCED)
    assert told.standing(("a", "2024-01-01", "NORMAL")) is Standing.BOUNCED


def test_names_go_where_they_are_declared():
    header = ("Email Address", "First Name", "Last Name", "LEID")
    assert adapter(Service.MAILCHIMP, header).header == ("email", "name", "last_name", "")
    both = adapter(Service.MAILCHIMP, header, declared=("name", "first_name"))
    assert both.header[1] == "first_name"
    nothing = adapter(Service.MAILCHIMP, header, declared=())
    assert nothing.header[1] == "first_name"


def test_cells_are_written_as_an_import_wants_them():
    header = ("Email Address", "TAGS", "TIMEZONE", "Birthday")
    found = adapter(Service.MAILCHIMP, header)
    row = ("a", '"Winter","VIP; gold"', "Nowhere/Land", "04/25")
    assert found.cells(row) == ["a", "Winter;VIP  gold", "", ""]
    row = ("a", "", "Europe/Oslo", "1980-04-25")
    assert found.cells(row) == ["a", "", "Europe/Oslo", "1980-04-25"]


def test_json_that_is_none_says_nothing():
    assert json_values("") == json_values("{") == json_values("[1]") == {}
    assert json_values('{"a": 1}') == {"a": 1}
    values = [None, True, False, 7, 1.5, ["a", "b"], {"x": 1}]
    assert [cell_of(one) for one in values] == [
        "", "yes", "no", "7", "1.5", "a;b", '{"x": 1}',
    ]  # fmt: skip


def test_a_file_that_cannot_tell_members_from_others_is_refused():
    with pytest.raises(ImportFileError, match="does not say who is subscribed"):
        adapter(Service.KLAVIYO, ("Email",))
    with pytest.raises(ImportFileError, match="is no export of brevo"):
        adapter(Service.BREVO, ("NAVN",))


def test_an_ordinary_file_of_people_is_none_of_refusals():
    assert refusals_in(("email", "name"), "people.csv") == ""
    assert refusals_in(("email", "name"), "subscribers.csv") == ""
    assert refusals_in(("email",), "nonsubscribed.csv") == ""
