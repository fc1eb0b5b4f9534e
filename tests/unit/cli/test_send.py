"""`mailer send`: from the command line into a letter that a mail server has."""

import asyncio
import email
import email.policy
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from journey.program import relay
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.daemon import send_until
from mailer.jobs.live_preview import LivePreview, Look
from mailer.store.tables import DeliveryRow, table
from mailer.wiring import open_workspace

ROOT = Path(__file__).parents[3]
LETTER = """
subject = "Your order {{ order }}"
kind = "transactional"
[data]
order = "text"
lines = "texts"
[sample]
order = "1017"
lines = ["One tent"]
"""
BODY = "<p>{{ order }}</p>{% for one in lines %}<p>{{ one }}</p>{% endfor %}"


def a_shop(folder: Path, port: int) -> None:
    make_workspace(folder, relay={"host": "127.0.0.1", "port": port, "tls": "none"}).close()
    place = folder / "templates/mail/receipt"
    place.mkdir(parents=True)
    (place / "letter.toml").write_text(LETTER, encoding="utf-8")
    (place / "body.html").write_text(BODY, encoding="utf-8")


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    order = ("-w", str(folder), "send", *arguments)
    done = CliRunner().invoke(mailer, order)
    assert done.exit_code == status, done.output
    return done


def deliver(folder: Path) -> None:
    with open_workspace(str(folder)) as workspace:

        def done() -> bool:
            with workspace.database.read() as connection:
                found = connection.execute(table(DeliveryRow).select()).all()
            return all(one.state == "accepted" for one in found)

        asyncio.run(send_until(workspace, done))


def test_a_letter_arrives_once_with_its_data(tmp_path: Path) -> None:
    with relay() as taken:
        a_shop(tmp_path, taken.port)
        file = tmp_path / "order.json"
        file.write_text('{"lines": ["One tent", "<b>Pegs</b>"]}', encoding="utf-8")
        order = (
            "receipt", "--to", "Ann@example.com", "--data", str(file),
            "--data", "order=10=17", "--key", "order-1017",
        )  # fmt: skip
        tried = run(tmp_path, *order, "--dry-run")
        assert tried.output.endswith("it can be sent: Your order 10=17\n")
        first = json.loads(run(tmp_path, *order, "--json").stdout)
        assert first == {"result": "queued", "letter": 1}
        assert json.loads(run(tmp_path, *order, "--json").stdout) == first
        deliver(tmp_path)
        (letter,) = taken.letters
    message = email.message_from_bytes(letter.content, policy=email.policy.default)
    assert message["Subject"] == "Your order 10=17"
    assert message["To"] == "Ann@example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    page = message.get_body(("html",))
    assert page is not None
    assert "&lt;b&gt;Pegs&lt;/b&gt;" in page.get_content()


def test_a_key_that_was_used_in_a_rehearsal_sends_its_letter_when_it_is_live(
    tmp_path: Path,
) -> None:
    with relay() as taken:
        a_shop(tmp_path, taken.port)
        config = tmp_path / "config.toml"
        live = config.read_text(encoding="utf-8")
        rehearsal = live.replace('mode = "live"', 'mode = "rehearsal"')
        order = (
            "receipt", "--to", "ann@example.com", "--data", "order=1017",
            "--data", "lines=One tent", "--key", "order-1017", "--json",
        )  # fmt: skip
        numbers: list[int] = []
        for settings in (rehearsal, rehearsal, live, live, rehearsal):
            config.write_text(settings, encoding="utf-8")
            numbers.append(json.loads(run(tmp_path, *order).stdout)["letter"])
        assert numbers == [1, 1, 2, 2, 1]
        config.write_text(live, encoding="utf-8")
        with open_workspace(str(tmp_path)) as workspace:
            asyncio.run(send_until(workspace, lambda: len(taken.letters) == 1))
    (letter,) = taken.letters
    assert letter.recipient == "ann@example.com"


def test_what_was_promised_to_a_key_holds_whatever_became_of_the_template(
    tmp_path: Path,
) -> None:
    a_shop(tmp_path, 1)
    data = ("--data", "lines=One tent", "--data", "order=1017")
    order = ("receipt", "--to", "a@example.com", "--key", "order-1017", "--json", *data)
    promised = run(tmp_path, *order).stdout
    letter = tmp_path / "templates/mail/receipt/letter.toml"
    letter.write_text(LETTER.replace("lines =", "rows ="), encoding="utf-8")
    assert run(tmp_path, *order).stdout == promised
    shutil.rmtree(letter.parent)
    assert run(tmp_path, *order).stdout == promised
    other = run(tmp_path, *order, "--data", "order=1018", status=2).output
    assert "the key was used for letter 1" in other
    for changed in (("--key", "order-1018"), ("--dry-run",)):
        said = run(tmp_path, *order, *changed, status=2).output
        assert "no template 'receipt'" in said


def test_a_letter_that_is_only_tried_is_shown_as_people_read_it(tmp_path: Path) -> None:
    a_shop(tmp_path, 1)
    long = "für Ærøskøbing " * 9
    order = (
        "receipt",
        "--to",
        "a@example.com",
        "--data",
        f"order={long}",
        "--data",
        "lines=a",
    )
    subject = f"Your order {long}".strip()
    assert f"it can be sent: {subject}\n" in run(tmp_path, *order, "--dry-run").output
    tried = json.loads(run(tmp_path, *order, "--dry-run", "--json").stdout)
    sender = tried.pop("from")
    assert tried == {
        "result": "composed", "letter": None, "to": "a@example.com", "subject": subject,
    }  # fmt: skip
    assert "@" in sender


def test_two_equal_lines_of_an_order_both_arrive(tmp_path: Path) -> None:
    with relay() as taken:
        a_shop(tmp_path, taken.port)
        lines = "lines=One tent; Two pegs; One tent"
        run(
            tmp_path,
            "receipt",
            "--to",
            "a@example.com",
            "--data",
            "order=1",
            "--data",
            lines,
        )
        deliver(tmp_path)
        (letter,) = taken.letters
    message = email.message_from_bytes(letter.content, policy=email.policy.default)
    page = message.get_body(("html",))
    assert page is not None
    assert page.get_content().count("<p>One tent</p>") == 2


def test_lines_with_their_prices_are_lists_side_by_side(tmp_path: Path) -> None:
    a_shop(tmp_path, 1)
    words = (
        "{% for line in lines %}{{ line }}:"
        ' {{ prices[loop.index0]|float|money(\\"NOK\\") }} {% endfor %}'
    )
    letter = LETTER.replace("Your order {{ order }}", words)
    letter = letter.replace('lines = "texts"', 'lines = "texts"\nprices = "texts"')
    (tmp_path / "templates/mail/receipt/letter.toml").write_text(letter, encoding="utf-8")
    data = '{"order": "1", "lines": ["Tent", "Peg"], "prices": ["1290", "9.5"]}'
    order = ("receipt", "--to", "a@example.com", "--data", data, "--dry-run")
    said = run(tmp_path, *order).output.replace("\u00a0", " ")
    assert said.endswith("it can be sent: Tent: NOK 1,290 Peg: NOK 9.50\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("receipt", "--to", "a@example.com"), "there is no 'order' here"),
        (("reciept", "--to", "a@example.com"), "did you mean 'receipt'"),
        (("autumn-sale", "--to", "a@example.com"), "mailer campaign start"),
        (("receipt", "--to", "a"), "no email address"),
        (("receipt", "--to", "a@example.com", "--to", "b@example.com"), "one address"),
        (("receipt", "--to", "a@example.com", "--data", "ordr=1"), "did you mean 'order'"),
        (("receipt", "--to", "a@example.com", "--data", "none.json"), "no file none.json"),
        (("receipt", "--to", "a@example.com", "--data", "order"), "written NAME=VALUE"),
        (("receipt", "--to", "a@example.com", "--data", "o" * 5000), "written NAME=VALUE"),
        (("receipt", "--to", "a@example.com", "--data", '{"order": 1}'), "be a text"),
        (("receipt", "--to", "a@example.com", "--data", '{"order"'), "--data: Line 1"),
        (("receipt", "--to", "a@example.com", "--data", '{"a": "\udcff"}'), "UTF-8"),
    ],
)
def test_mistakes_say_what_to_do(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    a_shop(tmp_path, 1)
    assert words in run(tmp_path, *arguments, status=2).output


def test_data_may_be_written_as_json_on_the_command_line(tmp_path: Path) -> None:
    a_shop(tmp_path, 1)
    order = ("receipt", "--to", "a@example.com", "--data", "lines=a", "--dry-run")
    said = run(tmp_path, *order, "--data", '{"order": "10=17"}').output
    assert said.endswith("it can be sent: Your order 10=17\n")


def test_a_template_without_data_says_where_it_is_named(tmp_path: Path) -> None:
    a_shop(tmp_path, 1)
    letter = tmp_path / "templates/mail/receipt/letter.toml"
    letter.write_text('subject = "Yours"\nkind = "transactional"\n', encoding="utf-8")
    order = ("receipt", "--to", "a@example.com", "--data", "order=1")
    said = run(tmp_path, *order, status=2).output
    assert 'name it under [data] in its letter.toml, as in order = "text"' in said


def test_data_is_for_transactional_letters(tmp_path: Path) -> None:
    a_shop(tmp_path, 1)
    letter = tmp_path / "templates/mail/receipt/letter.toml"
    for before, after, words in (
        ('"transactional"', '"marketing"', "[data] is for letters of the kind"),
        ('lines = "texts"', 'lines = "list"', "must be text, number"),
        ('lines = "texts"', 'city = "text"', "is an attribute of people already"),
        ('lines = "texts"', 'subject = "text"', "used by the program"),
    ):
        letter.write_text(LETTER.replace(before, after), encoding="utf-8")
        assert words in run(tmp_path, "receipt", "--to", "a@example.com", status=2).output


def test_a_letter_with_data_is_looked_at_with_that_of_its_sample(tmp_path: Path) -> None:
    make_workspace(tmp_path, mode="rehearsal").close()
    here = ("-w", str(tmp_path))
    tried = ("--to", "me@example.com", "--contact", "kari@example.com")
    whom = ("--list", "newsletter", "--basis", "express", "--source", "the fair")
    for order, words in (
        (("template", "new", "receipt", "--from", "receipt"), "made"),
        (("contact", "add", "kari@example.com", *whom), ""),
        (("template", "preview", "receipt", "--contact", "kari@example.com"), "order 1042"),
        (("template", "check", "receipt", "--list", "newsletter"), "0 errors"),
        (("template", "test", "receipt", *tried), "accepted"),
    ):
        done = CliRunner().invoke(mailer, (*here, *order))
        assert done.exit_code == 0, done.output
        assert words in done.output
    with open_workspace(str(tmp_path)) as workspace:
        live = LivePreview(workspace.world(), "receipt")
        shown = live.show(Look(address="kari@example.com"))
    assert "order 1042" in shown.subject


def test_the_example_of_the_documents_fits_the_receipt_to_begin_with(
    tmp_path: Path,
) -> None:
    make_workspace(tmp_path).close()
    begun = ("-w", str(tmp_path), "template", "new", "receipt", "--from", "receipt")
    assert CliRunner().invoke(mailer, begun).exit_code == 0
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    said = text.split("https://mail.example.com/api/send", 1)[1].split("-d '", 1)[1]
    body = json.loads(said.split("'\n", 1)[0])
    order = (body["template"], "--to", body["to"], "--data", json.dumps(body["data"]))
    assert "order 10042" in run(tmp_path, *order, "--dry-run").output
