"""Settings: what is refused and how it is said, what wins, and where each came from."""

import pytest

from mailer.config.fields import Settings
from mailer.config.reading import read_settings, settings_in_force, without_password
from mailer.errors import ConfigError


def refusal(written: dict[str, object], environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        read_settings(written, environment or {})
    return str(caught.value)


def test_an_empty_file_gives_the_defaults():
    assert read_settings({}, {}) == Settings()


def test_an_unknown_setting_is_refused_with_its_path_and_the_nearest_right_name():
    got = refusal({"relay": {"hots": "x"}})
    assert got == "config.toml: no such setting 'relay.hots'; did you mean 'host'?"


def test_an_unknown_section_is_refused():
    assert refusal({"realy": {}}) == (
        "config.toml: no such setting 'realy'; did you mean 'relay'?"
    )


def test_an_unknown_key_of_an_attribute_is_refused_with_the_nearest_right_name():
    got = refusal({"attributes": {"city": {"tpye": "text"}}})
    assert "no such setting 'attributes.city.tpye'; did you mean 'type'?" in got


def test_a_wrong_value_is_named_with_its_path_what_was_found_and_what_is_allowed():
    assert refusal({"relay": {"port": "25"}}) == (
        "config.toml: relay.port is '25', but must be a valid integer"
    )
    assert "relay.tls is 'yes', but must be 'required'" in refusal(
        {"relay": {"tls": "yes"}}
    )


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"relay": {"per_day": -1}}, "must be greater than or equal to 0"),
        ({"relay": {"port": 70_000}}, "must be less than or equal to 65535"),
        ({"relay": {"per_second": float("inf")}}, "must be a finite number"),
        ({"relay": {"idle_s": 0}}, "must be greater than 0"),
        ({"cap": {"letters": True}}, "must be a valid integer"),
        ({"sending": {"retry_plan_s": []}}, "at least 1 item"),
        ({"sending": {"retry_plan_s": [1, "x"]}}, "sending.retry_plan_s.1 is 'x'"),
        ({"site": {"public_url": "mail.example.com"}}, "must be a web address"),
        ({"site": {"public_url": "https://x.example/?a=b"}}, "must be a web address"),
        ({"database": "mysql://x"}, "must be sqlite:///FILE or postgresql://"),
        ({"site": 3}, "site must be a table, as in [site]"),
        ({"attributes": {"Full Name": {}}}, "small letters, digits and _"),
        ({"attributes": {"email": {}}}, "used by the program"),
        ({"attributes": {"a": {"type": "number", "default": "1"}}}, "not of type number"),
        ({"attributes": {"a": {"type": "number", "default": True}}}, "not of type number"),
    ],
)
def test_what_cannot_be_is_refused_in_words(written: dict[str, object], words: str):
    assert words in refusal(written)


def test_all_mistakes_are_told_at_once():
    assert len(refusal({"relay": {"port": "x", "hots": 1}, "site": 3}).splitlines()) == 3


def test_a_password_in_the_file_is_refused_without_being_printed():
    got = refusal({"relay": {"password": "hunter2"}})
    assert "password_env" in got
    assert "hunter2" not in got


def test_a_password_comes_from_one_place_only():
    got = refusal({"relay": {"password_env": "A", "password_file": "b"}})
    assert got == "config.toml: [relay] set password_env or password_file, not both"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:s3cret@db.example/mail", "postgresql://ann:***@db.example/mail"),
        ("postgresql://ann:s/3@c:ret@db/mail", "postgresql://ann:***@db/mail"),
        ("postgresql:/ann:s3cret@db/mail", "postgresql:/ann:***@db/mail"),
        ("postgresql://db/mail?user=ann&password=s3cret&x=1",
         "postgresql://db/mail?user=ann&password=***&x=1"),
        ("sqlite:///mailer.db", "sqlite:///mailer.db"),
    ],
)  # fmt: skip
def test_a_password_in_the_database_url_is_never_shown(url: str, shown: str):
    assert without_password(url) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://chat.example/hooks/s3cret", "https://chat.example/***"),
        ("https://chat.example:8443?key=s3cret", "https://chat.example:8443/***"),
        ("https://ann:s3cret@chat.example/hook", "***"),
        ("", ""),
    ],
)
def test_whose_web_address_is_secret_is_shown_without_its_path(url: str, shown: str):
    settings = read_settings({"alarms": {"webhook": url}}, {})
    listed = settings_in_force(settings, {}, {})
    assert [one.value for one in listed if one.path == "alarms.webhook"] == [shown]


def test_a_refused_web_address_is_told_without_its_path():
    assert "s3cret" not in refusal({"alarms": {"webhook": "htps://chat/s3cret"}})
    assert "s3cret" not in refusal({"alarms": {"webhook": "https://[/s3cret"}})


def test_a_refused_database_url_is_told_without_its_password():
    assert "s3cret" not in refusal({"database": "mysql://ann:s3cret@db/mail"})


def test_the_environment_wins_over_the_file():
    settings = read_settings(
        {"relay": {"host": "a.example", "port": 25}, "database": "sqlite:///a.db"},
        {"MAILER_RELAY__HOST": "b.example", "MAILER_DATABASE": "sqlite:///b.db"},
    )
    assert settings.relay.host == "b.example"
    assert settings.relay.port == 25
    assert settings.database == "sqlite:///b.db"


def test_values_from_the_environment_have_the_type_of_their_setting():
    settings = read_settings(
        {},
        {
            "MAILER_RELAY__PORT": "2525",
            "MAILER_RELAY__USERNAME": "12345",
            "MAILER_RELAY__TLS": "none",
            "MAILER_SENDING__RETRY_PLAN_S": "[1, 2.5]",
            "MAILER_SITE__METRICS": "false",
        },
    )
    assert settings.relay.port == 2525
    assert settings.relay.username == "12345"
    assert settings.relay.tls == "none"
    assert settings.sending.retry_plan_s == (1, 2.5)
    assert settings.site.metrics is False


def test_a_wrong_value_from_the_environment_is_named_as_such():
    got = refusal({}, {"MAILER_RELAY__PORT": "many"})
    assert got == (
        "environment MAILER_RELAY__PORT: relay.port is 'many', but must be a valid integer"
    )


def test_a_mistyped_variable_is_refused_with_the_nearest_right_name():
    got = refusal({}, {"MAILER_RELAY__HSOT": "x"})
    assert "no such setting 'MAILER_RELAY__HSOT'; did you mean 'MAILER_RELAY__HOST'?" in got


def test_variables_that_are_not_settings_are_left_alone():
    environment = {
        "MAILER_PORT": "tcp://10.0.0.1:25",
        "MAILER_WORKSPACE": "/x",
        "HOME": "/",
    }
    assert read_settings({}, environment) == Settings()


def test_each_setting_in_force_says_where_it_came_from():
    written: dict[str, object] = {
        "relay": {"host": "a.example"},
        "attributes": {"city": {"type": "text"}},
        "database": "postgresql://ann:s3cret@db/mail",
    }
    environment = {"MAILER_RELAY__PORT": "25"}
    settings = read_settings(written, environment)
    found = {
        one.path: (one.value, one.source)
        for one in settings_in_force(settings, written, environment)
    }
    assert found["relay.host"] == ("a.example", "config.toml")
    assert found["relay.port"] == (25, "environment MAILER_RELAY__PORT")
    assert found["relay.username"] == ("", "default")
    assert found["attributes.city.type"] == ("text", "config.toml")
    assert found["attributes.city.default"] == (None, "default")
    assert found["database"] == ("postgresql://ann:***@db/mail", "config.toml")


def test_settings_never_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings().relay.port = 25


def test_the_public_url_has_no_slash_at_its_end():
    settings = read_settings({"site": {"public_url": "https://x.example/m/"}}, {})
    assert settings.site.public_url == "https://x.example/m"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://mail.example.com", "still the example's"),
        ("https://shop.example/m", "still the example's"),
        ("http://mail.fjord.no", "must be https"),
    ],
)
def test_links_that_would_lead_nowhere_are_warned_of(url: str, words: str):
    (warning,) = read_settings({"site": {"public_url": url}}, {}).warnings()
    assert words in warning


@pytest.mark.parametrize("url", ["https://mail.fjord.no", "http://127.0.0.1:8025"])
def test_links_that_lead_somewhere_are_not_warned_of(url: str):
    assert read_settings({"site": {"public_url": url}}, {}).warnings() == ()
