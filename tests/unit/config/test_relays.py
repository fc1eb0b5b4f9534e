"""Relays in the settings: one as before, several by name, and presets of services."""

import pytest

from mailer.config.fields import Settings
from mailer.config.presets import with_presets
from mailer.config.reading import read_settings
from mailer.config.relay import Relay
from mailer.errors import ConfigError
from mailer.model.kind import Lane
from mailer.pace.throttle import Rate, rate_of
from mailer.workspace.presets import read_presets

GENERAL = {"host": "a.example"}


def refusal(written: dict[str, object]) -> str:
    with pytest.raises(ConfigError) as caught:
        read_settings(written, {})
    return str(caught.value)


def several(**relays: dict[str, object]) -> Settings:
    return read_settings({"relays": relays}, {})


def test_one_relay_in_the_old_form_is_the_only_one():
    got = read_settings({"relay": {"host": "a.example", "name": "old"}}, {})
    assert {where: one.name for where, one in got.all_relays().items()} == {"relay": "old"}


def test_several_relays_are_called_as_their_tables():
    got = several(bulk={"weight": 3}, answers={"lanes": ["answers", "transactions"]})
    relays = got.all_relays()
    assert list(relays) == ["relays.bulk", "relays.answers"]
    assert [one.name for one in relays.values()] == ["bulk", "answers"]
    assert relays["relays.answers"].route.lanes == {Lane.ANSWERS, Lane.TRANSACTIONS}


def test_domains_are_those_of_addresses_as_they_go_out():
    got = several(all={}, north={"domains": ["NORTH.example.com", "bücher.example.com"]})
    domains = got.relays["north"].domains
    assert domains == ("north.example.com", "xn--bcher-kva.example.com")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"relay": GENERAL, "relays": {"a": GENERAL}}, "two ways to say it"),
        ({"relays": {"A b": {}}}, "a name is of small letters"),
        ({"relays": {"a": {"name": "b"}}}, "another `name`"),
        ({"relays": {"a": {"hots": "x"}}}, "relays.a.hots'; did you mean 'host'?"),
        ({"relays": {"a": {"lanes": ["campaign"]}}}, "relays.a.lanes.0 is 'campaign'"),
        ({"relays": {"a": {"domains": ["no domain"]}}}, "must be domains"),
        ({"relays": {"a": {"weight": -1}}}, "greater than or equal to 0"),
        (
            {"relays": {"a": {"lanes": ["answers"]}}},
            "take no letters of the lane transactions from domains that none names",
        ),
        (
            {"relays": {"a": {"domains": ["north.example.com"]}}},
            "take no letters of the lane answers from domains that none names",
        ),
        ({"relays": 3}, "relays"),
        ({"relays": {"a": 3}}, "relays.a"),
    ],
)
def test_what_cannot_be_is_refused_and_said(written: dict[str, object], words: str):
    assert words in refusal(written)


def test_a_preset_fills_in_what_is_not_said_and_tells_where_it_came_from():
    presets = {"tern": {"about": "Tern.", "host": "smtp.tern.example", "per_second": 9}}
    written: dict[str, object] = {
        "relay": {"preset": "tern", "per_second": 2},
        "relays": {"b": {"preset": "tern"}, "c": 3},
    }
    filled, origins = with_presets(written, presets)
    assert filled["relay"] == {
        "preset": "tern", "per_second": 2, "host": "smtp.tern.example",
    }  # fmt: skip
    assert origins == {
        ("relay", "host"): "tern",
        ("relays", "b", "host"): "tern",
        ("relays", "b", "per_second"): "tern",
    }
    assert written["relay"] == {"preset": "tern", "per_second": 2}


def test_a_preset_that_nobody_knows_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"relays\.a\.preset: .* 'postmark'\?"):
        with_presets({"relays": {"a": {"preset": "postmrak"}}}, read_presets())


@pytest.mark.parametrize("name", list(read_presets()))
def test_every_preset_can_be_a_relay(name: str):
    filled, _ = with_presets({"relay": {"preset": name}}, read_presets())
    relay = read_settings(filled, {}).relay
    assert relay != Relay(preset=name)
    assert read_presets()[name]["about"]


@pytest.mark.parametrize(
    ("limits", "rate"),
    [
        ((0, 0, 0, 0), Rate()),
        ((5, 0, 7, 8), Rate(5, 7, 8)),
        ((0, 30, 0, 0), Rate(0.5)),
        ((5, 30, 0, 0), Rate(0.5)),
        ((0.1, 30, 0, 0), Rate(0.1)),
    ],
)
def test_so_many_a_minute_are_evenly_spread(
    limits: tuple[float, int, int, int], rate: Rate
):
    assert rate_of(*limits) == rate
