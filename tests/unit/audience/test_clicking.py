"""Who follows a link: a person with a browser, or a machine."""

from datetime import UTC, datetime

import pytest

from mailer.audience.clicking import Seen, is_machine

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML,"
    " like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    "agent",
    [
        PHONE,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36",
        "Opera/9.80 (Android; Opera Mini/36.2) Presto/2.12 Version/12.16",
    ],
)
def test_a_browser_is_a_person(agent: str):
    assert not is_machine(Seen(AT, "GET", agent))


@pytest.mark.parametrize(
    ("method", "agent", "purpose"),
    [
        ("HEAD", PHONE, ""),
        ("GET", "", ""),
        ("GET", PHONE, "prefetch"),
        ("GET", PHONE, "prefetch;prerender"),
        ("GET", "curl/8.9", ""),
        ("GET", "python-requests/2.32", ""),
        (
            "GET",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "",
        ),
        ("GET", "Mozilla/5.0 (compatible; BarracudaSentinel/1.0)", ""),
        ("GET", "Mozilla/5.0 AppleWebKit/537.36 HeadlessChrome/131.0.0.0", ""),
        ("GET", "Slackbot-LinkExpanding 1.0", ""),
        ("GET", "Mozilla/5.0 SkypeUriPreview Preview/0.5", ""),
    ],
)
def test_what_says_that_it_is_a_machine_is_one(method: str, agent: str, purpose: str):
    assert is_machine(Seen(AT, method, agent, purpose))
