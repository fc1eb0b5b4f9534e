"""Whatever a file says, it is read or refused in words: never a crash."""

import tomllib
from collections.abc import Callable
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.config.example import toml_value
from mailer.config.fields import Settings
from mailer.config.reading import read_settings, settings_in_force
from mailer.config.section import Section
from mailer.errors import ConfigError, KeyFileError, MailerError, WorkspaceError
from mailer.model.mailinglist import MailingList
from mailer.workspace.keyfile import read_keys
from mailer.workspace.lists import parse_list
from mailer.workspace.tomlfiles import parse_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = (
    TEXT
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.just(date(2026, 11, 21))
    | st.just(datetime(2026, 11, 21, 9, 0))  # noqa: DTZ001 - TOML has such times
    | st.just(time(9, 0))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
GOOD = {
    "id": "news",
    "title": "News",
    "purpose": "What is new.",
    "opt_in": "double",
    "from": "Fjell & Fjord <news@example.com>",
    "postal_address": "Bergen",
    "list_host": "news.lists.example.com",
    "language": "nb",
    "wordings": [{"version": 1, "text": "Yes."}],
    "segments": {"norway": "country == 'NO'"},
}


def tried(read: Callable[[], object], mistake: type[MailerError]) -> tuple[object, str]:
    """Return what was read, or None and the mistake in words; anything else is a bug."""
    try:
        return read(), ""
    except mistake as problem:
        return None, str(problem)


@given(st.sampled_from([*GOOD, "reply_to", "bounce_domain", "unsubscribe_mailbox"]), VALUES)
def test_a_list_with_any_value_anywhere_is_read_or_refused(key: str, value: object):
    found, words = tried(lambda: parse_list(GOOD | {key: value}, "news"), WorkspaceError)
    if isinstance(found, MailingList):
        for line in (found.title, found.sender_name, found.sender_address, found.reply_to):
            assert not {"\r", "\n", "\x00"} & set(line)
    else:
        assert words.startswith("lists/news.toml")
        assert len(words) < 1_000


SECTIONS = [
    (name, key)
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    for key in field.annotation.model_fields
]


@given(st.sampled_from(SECTIONS), VALUES)
def test_a_setting_with_any_value_is_read_or_refused(path: tuple[str, str], value: object):
    written: dict[str, object] = {path[0]: {path[1]: value}}
    found, words = tried(lambda: read_settings(written, {}), ConfigError)
    if isinstance(found, Settings):
        assert settings_in_force(found, written, {})
    else:
        assert path[0] in words
        assert len(words) < 2_000


@given(
    st.dictionaries(TEXT | st.sampled_from([*Settings.model_fields]), VALUES, max_size=4)
)
def test_any_table_is_read_as_settings_or_refused(written: dict[str, object]):
    found, words = tried(lambda: read_settings(written, {}), ConfigError)
    assert (found is None) is bool(words)


@given(st.sampled_from(SECTIONS), TEXT)
def test_any_text_from_the_environment_is_read_or_refused(path: tuple[str, str], text: str):
    name = f"MAILER_{path[0]}__{path[1]}".upper()
    found, words = tried(lambda: read_settings({}, {name: text}), ConfigError)
    assert found is not None or path[0] in words


@given(st.binary(max_size=200))
def test_any_bytes_are_a_key_file_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
):
    path = tmp_path_factory.getbasetemp() / "any-keys.toml"
    path.write_bytes(content)
    found, words = tried(lambda: read_keys(str(path)), KeyFileError)
    assert found is not None or str(path) in words


@given(st.text(max_size=100))
def test_any_text_is_toml_or_refused(text: str):
    found, words = tried(lambda: parse_toml(text, "lists/news.toml"), WorkspaceError)
    assert found is not None or words.startswith("lists/news.toml")


@given(TEXT | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.booleans())
def test_what_is_written_as_toml_is_read_back(value: object):
    assert tomllib.loads(f"value = {toml_value(value)}")["value"] == value
