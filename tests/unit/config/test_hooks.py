"""The secrets of providers come from where the settings say."""

import pytest

from mailer.config.hooks import Hooks, hook_keys_of
from mailer.errors import ConfigError
from mailer.model.hook import HookKeys, Provider


def test_without_settings_no_provider_is_heard(tmp_path):
    keys = hook_keys_of(str(tmp_path), Hooks(), {})
    assert keys == HookKeys()
    assert not any(keys.has(one) for one in Provider)


def test_secrets_come_from_the_environment_or_a_file(tmp_path):
    (tmp_path / "login").write_text("post:mark\n")
    (tmp_path / "login").chmod(0o600)
    hooks = Hooks(mailgun_key_env="MG", postmark_login_file="login", max_age_h=1.0)
    keys = hook_keys_of(str(tmp_path), hooks, {"MG": "secret"})
    assert (keys.mailgun, keys.postmark) == ("secret", "post:mark")
    assert keys.max_age.total_seconds() == 3600


def test_a_secret_that_is_not_there_is_named(tmp_path):
    hooks = Hooks(mailgun_key_env="MG")
    with pytest.raises(ConfigError, match="mailgun_key_env names MG"):
        hook_keys_of(str(tmp_path), hooks, {})
    hooks = Hooks(postmark_login_env="PM")
    with pytest.raises(ConfigError, match="must be USER:PASSWORD"):
        hook_keys_of(str(tmp_path), hooks, {"PM": "no colon"})


def test_two_places_for_one_secret_are_refused():
    with pytest.raises(ValueError, match="not both"):
        Hooks(mailgun_key_env="MG", mailgun_key_file="mg")
