"""SpamAssassin itself, with its offline rules, on letters that the program composed."""

import os

import pytest
import spamassassin
from letters import DATE, FOOT, person, ready, source
from mailservers import MissingServerError

from mailer.errors import WorkspaceError
from mailer.model.kind import Kind
from mailer.workspace.spamassassin import is_installed, read_report, spam_score

# SpamAssassin's own test of whether it works.
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]) -> None:
    try:
        folder = spamassassin.folder()
    except MissingServerError as problem:
        pytest.fail(str(problem), pytrace=False)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    # It keeps its user's preferences at home.
    monkeypatch.setenv("HOME", str(tmp_path))


def letter(words: str, subject: str = "News from the fells") -> bytes:
    template = source(
        f'<html lang="en"><body><p>{words}</p>{FOOT}</body></html>',
        subject=subject,
        kind=Kind.MARKETING,
    )
    return ready(template).compose(person(), 1234, 5, DATE).content


@pytest.mark.usefixtures("program")
def test_a_decent_letter_has_few_points_and_a_test_of_spam_many():
    decent = spam_score(letter("Autumn is for the fells, and our tents are on sale."))
    spam = spam_score(letter(GTUBE))
    assert decent.points < decent.needed == 5.0
    assert spam.points >= 900
    assert any(name == "GTUBE" and points == 1_000 for points, name, _ in spam.rules)
    assert all(words for _, _, words in spam.rules)


@pytest.mark.usefixtures("program")
def test_an_answer_that_does_not_come_in_time_is_said():
    with pytest.raises(WorkspaceError, match=r"no answer within 0\.001 s"):
        spam_score(letter("Hello"), within_s=0.001)


def test_without_spamassassin_the_package_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not is_installed()
    with pytest.raises(WorkspaceError, match="install Debian's package spamassassin"):
        spam_score(b"")


def test_a_rule_of_several_lines_is_read_whole():
    report = (
        "Content analysis details:   (-0.3 points, 5.0 required)\n\n"
        " pts rule name              description\n"
        "---- ---------------------- -----------\n"
        "-0.0 NO_RELAYS              Informational: message was not relayed via SMTP\n"
        " 0.5 HTML_IMAGE_ONLY_16     BODY: HTML: images with 1200-1600 bytes of\n"
        "                            words\n"
    )
    score = read_report(report)
    assert (score.points, score.needed) == (-0.3, 5.0)
    assert score.rules[1] == (
        0.5,
        "HTML_IMAGE_ONLY_16",
        "BODY: HTML: images with 1200-1600 bytes of words",
    )
    with pytest.raises(WorkspaceError, match="no report"):
        read_report("nothing")
