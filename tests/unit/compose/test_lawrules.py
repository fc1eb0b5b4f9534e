"""What the law asks of letters to many: who writes, on what words; notices sell nothing."""

from dataclasses import replace

import pytest
from findings import LONG, of
from letters import FOOT, NEWS, ready, source

from mailer.compose.checking import Facts, check
from mailer.compose.template import TemplateSource
from mailer.model.finding import Rule
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList, Wording
from mailer.workspace.clients import read_clients


def duties(
    template: TemplateSource, mailing_list: MailingList = NEWS
) -> list[tuple[str, int | None, str]]:
    """Return the errors that the law brings, with their lines."""
    facts = Facts("News", 1_000, people=10, mailing_list=mailing_list)
    seen = ready(template, mailing_list=mailing_list).bodies.seen
    found = of(Rule.DUTY, check(seen, facts, read_clients()))
    return [one for one in found if one[0] == "error"]


def letter(kind: Kind, html: str = LONG, **more: str) -> TemplateSource:
    foot = FOOT if kind in {Kind.MARKETING, Kind.JOURNEY} else ""
    return source(
        f'<html lang="en"><body>\n{html}\n{foot}</body></html>', kind=kind, **more
    )


@pytest.mark.parametrize("kind", [Kind.MARKETING, Kind.JOURNEY])
def test_letters_to_many_say_who_writes(kind: Kind):
    [(_, _, words)] = duties(letter(kind), replace(NEWS, sender_name=" "))
    assert words.startswith("from is news@example.com alone")
    assert duties(letter(kind)) == []


@pytest.mark.parametrize(
    "changed",
    [{"wordings": (Wording(1, " "),)}, {"purpose": " "}],
)
def test_letters_to_many_rest_on_words_that_were_agreed_to(changed: dict[str, object]):
    nothing_said = replace(NEWS, **changed)  # type: ignore[arg-type]
    [(_, _, words)] = duties(letter(Kind.MARKETING), nothing_said)
    assert "no words that anybody could have agreed to" in words


def test_what_everybody_must_be_told_needs_neither():
    nobody = replace(NEWS, sender_name="", purpose="")
    assert duties(letter(Kind.NOTICE), nobody) == []


@pytest.mark.parametrize(
    "words",
    [
        "20 % off all tents",
        "Take <b>20 %</b> off",
        "30&nbsp;% discount",
        "Use the discount code FJELL",
        "A special offer for you",
        "Buy now",
        "FREE SHIPPING",
        "20 % rabatt på telt",
        "Din rabattkode er FJELL",
        "Kjøp nå",
        "Fri frakt denne uken",
        "15 % Rabatt auf Zelte",
        "Ihr Gutscheincode",
        "Jetzt kaufen",
        "Unsere Sonderangebote",
    ],
)
def test_a_notice_sells_nothing(words: str):
    [(_, line, said)] = duties(letter(Kind.NOTICE, f"{LONG}\n<p>{words}</p>"))
    assert line == 3
    assert "sells something" in said
    assert duties(letter(Kind.MARKETING, f"{LONG}\n<p>{words}</p>")) == []


def test_a_notice_sells_nothing_in_subject_preview_or_plain_text_either():
    for more in (
        {"subject": "10 % off"},
        {"preview": "Buy now"},
        {"text": "We are sorry.\nShop now: https://example.com"},
    ):
        [(_, _, said)] = duties(letter(Kind.NOTICE, **more))
        assert "sells something" in said


@pytest.mark.parametrize(
    "html",
    [
        "<p>Do not use the burners of lot 7, on sale since May: send them.</p>",
        '<p><a href="https://example.com/recall?lot=7">How to send it back</a></p>',
        '<p><img src="https://example.com/lot.png" alt="Lot 7" width="300"></p>',
        "<!-- Buy now --><style>.buy-now { color: #000000 }</style>",
        "<p>Vi tilbyr deg pengene tilbake. Wir bieten Ihnen Ersatz an.</p>",
    ],
)
def test_a_notice_may_say_what_there_is_to_say(html: str):
    assert duties(letter(Kind.NOTICE, LONG + html)) == []


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<a href="https://example.com/?utm_source=recall">How</a>', "'utm_source'"),
        ('<a href="https://example.com/?a=1&amp;mc_eid=9">How</a>', "'mc_eid'"),
        (
            "<a href=\"https://example.com/?who={{ city|default('x') }}\">How</a>",
            "the link differs from person to person",
        ),
        (
            "<img src=\"https://example.com/{{ city|default('x') }}.png\" alt='A'>",
            "the image differs from person to person",
        ),
        (
            '<img src="https://example.com/a.gif" alt="" width="1">',
            "none that anybody sees",
        ),
        (
            '<div hidden><img src="https://example.com/a.gif" alt=""></div>',
            "none that anybody sees",
        ),
    ],
)
def test_a_notice_watches_nobody(html: str, words: str):
    [(_, line, said)] = duties(letter(Kind.NOTICE, f"{LONG}\n{html}"))
    assert line == 3
    assert words in said
    assert "a notice counts nobody" in said
    assert duties(letter(Kind.MARKETING, f"{LONG}\n{html}")) == []
