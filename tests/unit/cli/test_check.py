"""`mailer check` finds what does not hold, and says where."""

import http.server
import json
import shutil
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from journey.program import relay
from ports import free_port
from signing_hooks import KEYS
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.jobs.check_workspace import check_disk, health_problem


def check(folder: Path, *more: str, status: int) -> dict[str, str]:
    done = CliRunner().invoke(mailer, ("-w", str(folder), "check", "--json", *more))
    assert done.exit_code == status, done.output
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    assert all(one["holds"] is not bool(one["problem"]) for one in rows)
    return {one["looked at"]: one["problem"] for one in rows}


PARTNERS = """
[tours]
title = "Tours"
purpose = "Invites."
gets = ["name"]

[[tours.wordings]]
version = 1
text = "Yes, tell Tours."
"""
CLICKS = """
[clicks]
title = "What you follow"
purpose = "To know."

[[clicks.wordings]]
version = 1
text = "Yes, remember it."

[segments]"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[tours]", "[Tours]", "must be small letters"),
        ('"name"', '"nmae"', "did you mean 'name'"),
        ("version = 1", "version = 2", "must have the versions 1, 2, 3"),
        ('version = 1\ntext = "Yes, tell Tours."', "", "version is missing"),
        ("title", "titel", "title is missing"),
        ('purpose = "Invites."', "", "purpose is missing"),
        ("[tours]", "[tours", "partners.toml"),
        ("gets =", "gest =", "gest"),
    ],
)
def test_a_mistake_in_partners_toml_is_named(
    tmp_path: Path, old: str, new: str, words: str
):
    make_workspace(tmp_path).close()
    file = tmp_path / "partners.toml"
    file.write_text(PARTNERS)
    assert check(tmp_path, "--files", status=0)["partners.toml"] == ""
    assert old in PARTNERS
    file.write_text(PARTNERS.replace(old, new, 1))
    assert words in check(tmp_path, "--files", status=1)["partners.toml"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\n[sign_up]\n", '\n[sign_up]\npartners = ["tuors"]\n', "did you mean 'tours'"),
        ("[segments]", CLICKS.replace("version = 1", "version = 3"), "versions 1, 2, 3"),
        ("[segments]", CLICKS.replace("purpose", "purpos"), "purpose is missing"),
        ("[segments]", CLICKS.replace("What", "a\\nb"),
         "title must be one line"),
        ('language = "en"', 'language = "en"\ncount_links = false', "no click is ever"),
    ],
)  # fmt: skip
def test_a_list_that_asks_for_what_cannot_be_is_named(
    tmp_path: Path, old: str, new: str, words: str
):
    make_workspace(tmp_path).close()
    (tmp_path / "partners.toml").write_text(PARTNERS)
    file = tmp_path / "lists/newsletter.toml"
    text = file.read_text(encoding="utf-8")
    if "count_links" in new:
        text = text.replace("[segments]", CLICKS, 1)
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert words in check(tmp_path, "--files", status=1)["lists/newsletter.toml"]


def advice(folder: Path, how: str = "--files") -> dict[str, str]:
    done = CliRunner().invoke(mailer, ("-w", str(folder), "check", how, "--json"))
    assert done.exit_code == 0, done.output
    return {one["looked at"]: one["advice"] for one in json.loads(done.stdout)}


def test_a_letter_without_a_topic_to_a_list_with_topics_gets_advice(tmp_path: Path):
    make_workspace(tmp_path).close()
    letter = "templates/mail/autumn-sale"
    assert advice(tmp_path)[letter] == ""
    file = tmp_path / "lists/newsletter.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[segments]", '[topics]\ntents = "Tents"\n\n[segments]'))
    found = advice(tmp_path)
    assert "'tents' into letter.toml or the schedule" in found[letter]
    assert [name for name, said in found.items() if "topic" in said] == [letter]
    said = CliRunner().invoke(mailer, ("-w", str(tmp_path), "check", "--files")).stdout
    assert "advice: it names no topic" in said
    schedule = tmp_path / "schedules/weekly-newsletter.toml"
    schedule.write_text('topics = ["tents"]\n' + schedule.read_text(encoding="utf-8"))
    assert advice(tmp_path)[letter] == ""


def test_a_letter_whose_catalogue_lacks_some_of_its_words_gets_advice(tmp_path: Path):
    make_workspace(tmp_path).close()
    letter = "templates/mail/autumn-sale"
    folder = tmp_path / letter
    body = folder / "body.html"
    text = body.read_text(encoding="utf-8")
    body.write_text(
        text.replace(
            "{% block body %}",
            "{% block body %}<p>{% trans %}Kind regards{% endtrans %}</p>"
            "<p>{% trans %}Farewell{% endtrans %}</p>",
        )
    )
    settings = folder / "letter.toml"
    settings.write_text(f'language = "en"\n{settings.read_text(encoding="utf-8")}')
    catalogue = tmp_path / "templates/mail/words/de.po"
    assert advice(tmp_path)[letter] == (
        "nobody gets it in de, because templates/mail/words/de.po lacks 1 of its words:"
        " 'Farewell'; nobody gets it in nb, because templates/mail/words/nb.po lacks 1 of"
        " its words: 'Farewell'"
    )
    added = '\nmsgid "Farewell"\nmsgstr "Leben Sie wohl"\n'
    catalogue.write_text(catalogue.read_text(encoding="utf-8") + added, encoding="utf-8")
    assert "in de" not in advice(tmp_path)[letter]


def test_what_is_kept_for_ever_gets_advice(tmp_path: Path):
    make_workspace(tmp_path).close()
    said = advice(tmp_path)["config.toml, [retention]"]
    assert said.startswith("deliveries_days, tickets_days, evidence_days: 0 keeps it for")
    file = tmp_path / "config.toml"
    kept = "\n[retention]\ndeliveries_days = 400\ntickets_days = 1\nevidence_days = 1\n"
    file.write_text(file.read_text(encoding="utf-8") + kept)
    assert advice(tmp_path)["config.toml, [retention]"] == ""


def test_a_list_with_people_whose_file_is_gone_gets_advice(tmp_path: Path):
    make_workspace(tmp_path).close()
    basis = ("--list", "newsletter", "--basis", "express", "--source", "stall")
    order = ("-w", str(tmp_path), "contact", "add", "kari@example.com", *basis)

    def told() -> list[str]:
        asked = ("-w", str(tmp_path), "check", "--json", "--offline")
        rows = json.loads(CliRunner().invoke(mailer, asked).stdout)
        name = "lists/newsletter.toml"
        return [one["advice"] for one in rows if one["looked at"] == name]

    file = tmp_path / "lists/newsletter.toml"
    words = file.read_text(encoding="utf-8")
    assert CliRunner().invoke(mailer, order).exit_code == 0
    file.unlink()
    (advice,) = told()
    assert "the file is gone, and people are on the list" in advice
    file.write_text(words, encoding="utf-8")
    assert told() == [""]
    left = (
        "consent",
        "withdraw",
        "kari@example.com",
        "--all",
        "--how",
        "mail",
        "--by",
        "O",
    )
    assert CliRunner().invoke(mailer, ("-w", str(tmp_path), *left)).exit_code == 0
    file.unlink()
    assert told() == []


def test_keys_that_others_may_read_get_advice(tmp_path: Path):
    make_workspace(tmp_path).close()
    here = ("-w", str(tmp_path))
    done = CliRunner().invoke(mailer, (*here, "dkim", "new", "example.com"))
    assert done.exit_code == 0, done.output
    assert advice(tmp_path, "--offline")["keys"] == ""
    keys, (pem,) = tmp_path / "keys.toml", [*tmp_path.rglob("*.pem")]
    for one in (keys, pem):
        one.chmod(0o640)
    assert advice(tmp_path, "--offline")["keys"] == (
        f"others on this machine may read {pem}, {keys}: chmod 600 makes them their owner's"
        " alone"
    )


@pytest.mark.parametrize("mode", ["rehearsal", "live"])
def test_the_example_holds_offline(tmp_path: Path, mode: str):
    make_workspace(tmp_path, mode=mode).close()
    found = check(tmp_path, "--offline", status=0)
    assert {
        "lists/newsletter.toml",
        "schedules/weekly-newsletter.toml",
        "templates/mail/autumn-sale",
        "disk",
    } <= found.keys()


@pytest.mark.parametrize(
    ("path", "old", "new", "place", "words"),
    [
        ("lists/newsletter.toml", "title", "titel", "lists/newsletter.toml", "title"),
        (
            "schedules/weekly-newsletter.toml", '"autumn-sale"', '"autum-sale"',
            "schedules/weekly-newsletter.toml", "autum-sale",
        ),
        (
            "lists/newsletter.toml", "# [welcome]", '[welcome]\ntemplate = "welcme"',
            "lists/newsletter.toml", "did you mean 'welcome'",
        ),
        (
            "lists/newsletter.toml", "# [welcome]", '[welcome]\ntemplate = "autumn-sale"',
            "lists/newsletter.toml", "must be 'journey'",
        ),
        (
            "lists/newsletter.toml", "# [welcome]",
            '[quiet_hours]\nbegins = "8:00"\nends = "20:00"',
            "lists/newsletter.toml", "'8:00' is no time of day",
        ),
        (
            "templates/mail/autumn-sale/body.html", "{{ ", "{{ nonsense }}{{ ",
            "templates/mail/autumn-sale", "nonsense",
        ),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_named(
    tmp_path: Path, path: str, old: str, new: str, place: str, words: str
):
    make_workspace(tmp_path).close()
    file = tmp_path / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert words in check(tmp_path, "--offline", status=1)[place]


@pytest.mark.parametrize("kind", ["lists", "schedules", "templates/mail"])
def test_a_folder_that_cannot_be_read_does_not_hold(tmp_path: Path, kind: str):
    make_workspace(tmp_path).close()
    (tmp_path / kind).rename(tmp_path / "elsewhere")
    (tmp_path / kind).symlink_to(tmp_path / kind)
    found = check(tmp_path, "--offline", status=1)
    assert found[f"{kind}/"].startswith(f"{kind}/ cannot be read: Too many levels")


def test_the_relay_is_greeted_and_gets_no_letter_and_the_examples_pages_are_told(
    tmp_path: Path,
):
    with relay() as taken:
        make_workspace(
            tmp_path, relay={"host": "127.0.0.1", "port": taken.port, "tls": "none"}
        ).close()
        found = check(tmp_path, status=1)
        assert found[f"relay main, 127.0.0.1:{taken.port}"] == ""
        assert "still the example's" in found["pages at https://mail.example.com"]
        assert not taken.sink.seen


def test_a_relay_that_is_not_there_and_pages_that_only_we_can_open_are_told(
    tmp_path: Path,
):
    port = free_port()
    make_workspace(
        tmp_path,
        relay={"host": "127.0.0.1", "port": port, "tls": "none"},
        site={"public_url": "http://127.0.0.1:8025"},
    ).close()
    found = check(tmp_path, status=1)
    assert found[f"relay main, 127.0.0.1:{port}"].startswith("at connect:")
    assert "only this machine" in found["pages at http://127.0.0.1:8025"]


@contextmanager
def answering(status: int) -> Generator[str, None, None]:
    """Run a web server that answers everything alike, and give its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_pages_that_do_not_answer_as_they_should_are_told():
    with answering(200) as url:
        assert health_problem(url) == ""
    with answering(502) as url:
        assert health_problem(url) == "/health answers 502: let the proxy pass it on"
    gone = health_problem(f"http://127.0.0.1:{free_port()}")
    assert "does not answer" in gone
    assert "is `mailer serve` running behind it?" in gone


def test_a_full_disk_is_told(tmp_path: Path):
    assert check_disk(str(tmp_path), 0).problem == ""
    assert "make room" in check_disk(str(tmp_path), 10**9).problem


def test_files_are_checked_in_a_checkout_without_keys_and_database(tmp_path: Path):
    made, checkout = tmp_path / "made", tmp_path / "checkout"
    made.mkdir()
    make_workspace(made).close()
    checkout.mkdir()
    shutil.copy(made / "config.toml", checkout)
    for name in ("lists", "schedules", "templates"):
        shutil.copytree(made / name, checkout / name)
    before = sorted(checkout.rglob("*"))
    assert "schedules/weekly-newsletter.toml" in check(checkout, "--files", status=0)
    assert sorted(checkout.rglob("*")) == before
    body = checkout / "templates/mail/autumn-sale/body.html"
    body.write_text("<p>{{ nonsense }}</p>", encoding="utf-8")
    assert "nonsense" in check(checkout, "--files", status=1)["templates/mail/autumn-sale"]
    assert "there is no database" in fails(checkout, "--offline")


def fails(folder: Path, *more: str) -> str:
    done = CliRunner().invoke(mailer, ("-w", str(folder), "check", *more))
    assert done.exit_code == 2, done.output
    return done.output


def test_a_template_is_checked_for_each_list_that_it_goes_to(tmp_path: Path):
    make_workspace(tmp_path).close()
    lists, schedules = tmp_path / "lists", tmp_path / "schedules"
    text = (lists / "newsletter.toml").read_text(encoding="utf-8")
    other = text.replace('id = "newsletter"', 'id = "courses"', 1)
    assert other != text
    (lists / "courses.toml").write_text(other, encoding="utf-8")
    weekly = (schedules / "weekly-newsletter.toml").read_text(encoding="utf-8")
    courses = weekly.replace('list = "newsletter"', 'list = "courses"')
    assert courses != weekly
    (schedules / "courses.toml").write_text(courses, encoding="utf-8")
    found = check(tmp_path, "--offline", status=0)
    assert found.keys() >= {
        "templates/mail/autumn-sale to newsletter", "templates/mail/autumn-sale to courses"
    }  # fmt: skip


def test_a_mailbox_that_nobody_reads_and_a_sender_that_takes_no_answer_do_not_hold(
    tmp_path: Path,
):
    read = {
        "address": "support@shop.example",
        "hours": ["mon-fri 09:00-17:00"],
        "staff": ["Kari"],
    }
    unread = {"address": "no-reply@shop.example"}
    make_workspace(
        tmp_path,
        site={"sender": "Shop <donotreply@shop.example>"},
        **{"mailboxes.support": read, "mailboxes.void": unread},
    ).close()
    newsletter = tmp_path / "lists" / "newsletter.toml"
    text = newsletter.read_text(encoding="utf-8")
    newsletter.write_text(text.replace("<news@", "<noreply@"), encoding="utf-8")
    found = check(tmp_path, "--files", status=1)
    assert not found["mailboxes.support"]
    assert "nobody reads it" in found["mailboxes.void"]
    assert "say when" in found["mailboxes.void"]
    for place in ("mailboxes.void", "site.sender", "lists/newsletter.toml"):
        assert "people not to answer" in found[place]


def test_quiet_hours_that_leave_no_minute_are_found(tmp_path: Path):
    make_workspace(tmp_path).close()
    with (tmp_path / "lists" / "newsletter.toml").open("a") as file:
        file.write('\n[quiet_hours]\nbegins = "08:00"\nends = "20:00"\n')
    assert "problem" not in check(tmp_path, "--files", status=0)
    with (tmp_path / "config.toml").open("a") as file:
        file.write('\n[quiet_hours]\nbegins = "20:00"\nends = "08:00"\n')
    found = check(tmp_path, "--files", status=1)
    assert "no letter could ever leave" in found["lists/newsletter.toml"]


def test_mailboxes_that_are_read_are_tried(tmp_path: Path):
    gone = {
        "imap_host": "127.0.0.1", "imap_port": free_port(), "imap_tls": "none",
        "imap_user": "u", "imap_password_file": "password",
    }  # fmt: skip
    boxes: dict[str, object] = {
        "mailboxes.gone": gone,
        "mailboxes.secret": {"imap_host": "127.0.0.1", "imap_user": "u"},
        "mailboxes.here": {"maildir": "Maildir"},
        "mailboxes.none": {"maildir": "nowhere"},
    }
    make_workspace(tmp_path, **boxes).close()
    (tmp_path / "password").write_text("secret\n")
    for part in ("new", "cur", "tmp"):
        (tmp_path / "Maildir" / part).mkdir(parents=True)
    found = check(tmp_path, status=1)
    mine = {
        name.split(",")[0]: words for name, words in found.items() if "mailboxes." in name
    }
    assert "connecting: " in mine["mailboxes.gone"]
    assert "imap_password_env names no variable" in mine["mailboxes.secret"]
    assert mine["mailboxes.here"] == ""
    assert "has no folder new/" in mine["mailboxes.none"]
    assert "[mailboxes.none] in config.toml" in mine["mailboxes.none"]


def test_a_survey_that_does_not_hold_is_named_and_one_that_does_is_there(tmp_path: Path):
    make_workspace(tmp_path).close()
    (tmp_path / "surveys").mkdir()
    for attribute in ("city", "ciity"):
        (tmp_path / "surveys" / f"{attribute}.toml").write_text(
            f'title = "T"\n[[questions]]\nattribute = "{attribute}"\n'
            'label = "From where?"\nkind = "text"\n'
        )
    looked = check(tmp_path, "--offline", status=1)
    assert looked["surveys/city.toml"] == ""
    assert "did you mean 'city'" in looked["surveys/ciity.toml"]


def with_hooks(folder: Path, lines: str) -> None:
    file = folder / "config.toml"
    file.write_text(f"{file.read_text()}\n[hooks]\n{lines}\n")


def hooks_of(found: dict[str, str]) -> dict[str, str]:
    return {what: said for what, said in found.items() if what.startswith("hooks.")}


def test_hooks_hold_and_the_address_to_enter_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    make_workspace(tmp_path, mode="rehearsal").close()
    monkeypatch.setenv("MG", "secret-1")
    monkeypatch.setenv("PM", "user:secret-2")
    with_hooks(
        tmp_path,
        'ses_topics = ["arn:aws:sns:eu-west-1:123456789012:letters"]\n'
        f'sendgrid_key = "{KEYS.sendgrid}"\n'
        'mailgun_key_env = "MG"\npostmark_login_env = "PM"',
    )
    found = check(tmp_path, "--offline", status=0)
    site, ours = "mail.example.com", hooks_of(found)
    assert ours == {
        f"hooks.ses, posts to https://{site}/hooks/ses": "",
        f"hooks.sendgrid, posts to https://{site}/hooks/sendgrid": "",
        f"hooks.mailgun, posts to https://{site}/hooks/mailgun": "",
        f"hooks.postmark, posts to https://USER:PASSWORD@{site}/hooks/postmark": "",
    }
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('ses_topics = ["letters"]', "letters is no topic of SNS"),
        ('sendgrid_key = "nonsense"', "hooks.sendgrid_key is no public key"),
        ('mailgun_key_env = "GONE"', "the environment has no such variable"),
        ('mailgun_key_file = "gone"', "there is no such file"),
        ('postmark_login_env = "NO_COLON"', "must be USER:PASSWORD"),
    ],
)
def test_a_hook_without_its_secret_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, words: str
):
    make_workspace(tmp_path, mode="rehearsal").close()
    monkeypatch.setenv("NO_COLON", "secret-3")
    with_hooks(tmp_path, lines)
    found = check(tmp_path, "--offline", status=1)
    (problem,) = hooks_of(found).values()
    assert words in problem
    assert "secret-3" not in problem


def test_a_hook_without_https_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    make_workspace(tmp_path, mode="rehearsal").close()
    topics = 'ses_topics = ["arn:aws:sns:eu-west-1:123456789012:letters"]'
    monkeypatch.setenv("MAILER_SITE__PUBLIC_URL", "http://localhost:8025")
    with_hooks(tmp_path, topics)
    (problem,) = hooks_of(check(tmp_path, "--offline", status=1)).values()
    assert "https" in problem
