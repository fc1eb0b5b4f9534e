"""The plans by which new sending domains are warmed up, in the settings."""

import pytest

from mailer.config.reading import read_settings
from mailer.config.warmup import plans_of
from mailer.errors import ConfigError
from mailer.pace.warmup import stage


def test_an_empty_table_has_a_plan_that_grows_by_no_more_than_two_and_a_half_times():
    settings = read_settings({"warm_up": {"news.example.com": {}}}, {})
    (plan,) = plans_of(settings.warm_up).values()
    assert plan.shares[0] == 200
    pairs = zip(plan.shares, plan.shares[1:], strict=False)
    assert all(one < after <= 2.5 * one for one, after in pairs)
    assert stage(plan, plan.shares).share is None


def test_nobody_is_warmed_up_unless_it_is_said():
    assert plans_of(read_settings({}, {}).warm_up) == {}


@pytest.mark.parametrize(
    ("domain", "letters", "words"),
    [
        ("example.com", [500, 200], "must not become fewer"),
        ("example.com", [], "letters"),
        ("example.com", [0, 5], "greater than or equal to 1"),
        ("Blåbær.example", [5], '[warm_up."xn--blbr-roah.example"]'),
        ("no domain", [5], "is no domain"),
    ],
)
def test_what_is_no_plan_is_refused_and_said(domain: str, letters: list[int], words: str):
    with pytest.raises(ConfigError) as caught:
        read_settings({"warm_up": {domain: {"letters": letters}}}, {})
    assert words in str(caught.value)
