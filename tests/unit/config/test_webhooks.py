"""Webhooks as they are configured: what is refused, and where their secrets come from."""

import pytest

from mailer.config.reading import read_settings
from mailer.config.webhooks import endpoints_of
from mailer.errors import ConfigError, WorkspaceError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SHOP = {"url": "https://shop.example.com/hook", "secret_env": "SHOP_SECRET"}


def endpoints(shop, folder=".", environment=None):
    settings = read_settings({"webhooks": {"shop": shop}}, {})
    return endpoints_of(folder, settings.webhooks, environment or {})


def test_an_endpoint_has_its_secret_from_the_environment_and_never_shows_it():
    (one,) = endpoints(SHOP, environment={"SHOP_SECRET": SECRET})
    assert (one.name, len(one.secret), one.private) == ("shop", 24, False)
    assert len(one.events) == 6
    assert "secret" not in repr(one)


def test_an_endpoint_has_its_secret_from_a_file(tmp_path):
    (tmp_path / "shop.secret").write_text(f"{SECRET}\n")
    said = {"url": SHOP["url"], "secret_file": "shop.secret", "events": ["left"]}
    (one,) = endpoints(said, str(tmp_path))
    assert [event.value for event in one.events] == ["left"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"url": "shop.example.com"}, "must be a web address"),
        ({"url": "ftp://shop.example.com/"}, "must be a web address"),
        ({"url": "https://user:word@shop.example.com/"}, "must be a web address"),
        ({"url": "http://shop.example.com/"}, "url must be https"),
        ({"events": ["bought"]}, "none of joined, left"),
        ({"secret_file": "x"}, "one of them"),
        ({"secret_env": ""}, "one of them"),
    ],
)
def test_what_cannot_work_is_refused_at_once(said, words):
    with pytest.raises(ConfigError, match=words):
        endpoints(SHOP | said)


def test_a_secret_that_is_missing_or_none_is_said_with_its_place(tmp_path):
    with pytest.raises(ConfigError, match="secret_env names SHOP_SECRET"):
        endpoints(SHOP)
    with pytest.raises(ConfigError, match="is no secret of a webhook"):
        endpoints(SHOP, environment={"SHOP_SECRET": "hunter2"})
    with pytest.raises(WorkspaceError):
        endpoints({"url": SHOP["url"], "secret_file": "gone"}, str(tmp_path))
