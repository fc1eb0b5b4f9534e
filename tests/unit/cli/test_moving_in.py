"""Moving in from another service, as it is typed."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from mailservers import ROOT
from worlds import make_workspace

from mailer.cli import moving
from mailer.cli.main import mailer
from mailer.jobs import import_run

SAMPLES = ROOT / "tests/samples/moving"
BASIS = ("--list", "newsletter", "--basis", "double_opt_in", "--source", "our form")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    with make_workspace(folder):
        pass
    shutil.copytree(SAMPLES, folder / "moving")
    return folder


def run(folder: Path, *arguments: str, status: int = 0, typed: str | None = None) -> Result:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments), input=typed)
    assert done.exit_code == status, done.output
    return done


def files(shop: Path, service: str) -> list[str]:
    return sorted(map(str, (shop / "moving" / service).glob("*.csv")))


def moved(shop: Path, service: str, *more: str) -> dict[str, object]:
    order = ("contact", "import", *files(shop, service), "--from", service, *BASIS)
    return json.loads(run(shop, *order, "--ignore-unknown", "--json", *more).stdout)


def reasons(shop: Path) -> dict[str, str]:
    """Return why each of the people in the samples is kept away."""
    found = {}
    for name in ("siri", "per", "tor", "gone", "ola", "kari", "buyer", "off", "aase"):
        listed = run(shop, "suppression", "list", f"{name}@example.com", "--json").stdout
        if rows := json.loads(listed):
            found[name] = rows[0]["reason"]
    return found


def people(shop: Path) -> set[str]:
    lines = run(shop, "contact", "export", "--list", "newsletter").stdout.splitlines()
    return {line.split("@")[0] for line in lines[1:]}


EXPECTED = {
    "mailchimp": (
        {"kari", "ola", "aase"},
        {"siri": "unsubscribed", "per": "unsubscribed", "tor": "complained",
         "gone": "bounced"},
        {"added": 3, "changed": 0, "conflicting": 1, "refused": 0},
    ),
    "klaviyo": (
        {"kari"},
        {"siri": "unsubscribed", "per": "unsubscribed", "tor": "complained",
         "gone": "bounced", "ola": "bounced"},
        {"added": 1, "changed": 0, "conflicting": 0, "refused": 4},
    ),
    "brevo": (
        {"kari"},
        {"siri": "unsubscribed", "per": "unsubscribed", "tor": "complained",
         "gone": "bounced"},
        {"added": 1, "changed": 0, "conflicting": 1, "refused": 1},
    ),
    "listmonk": (
        {"kari"},
        {"siri": "unsubscribed", "per": "unsubscribed"},
        {"added": 1, "changed": 0, "conflicting": 1, "refused": 2},
    ),
}  # fmt: skip


@pytest.mark.parametrize("service", sorted(EXPECTED))
def test_members_and_refusals_of_a_service_come_in_together(shop: Path, service: str):
    members, away, summary = EXPECTED[service]
    trial = moved(shop, service, "--dry-run")
    assert trial["summary"] == summary
    assert (people_anywhere(shop), reasons(shop)) == (0, {})
    assert moved(shop, service)["summary"] == summary
    assert people(shop) == members
    assert reasons(shop) == away


def test_mailchimp_s_evidence_and_names_are_kept(shop: Path):
    moved(shop, "mailchimp")
    told = run(shop, "explain", "kari@example.com").stdout
    assert "agreed on 2021-03-04 10:15:00 UTC, confirmed on 2021-03-04 10:17:31 UTC" in told
    assert "from 192.0.2.10" in told
    kari = json.loads(run(shop, "contact", "show", "kari@example.com", "--json").stdout)
    assert kari["contact"]["attributes"] == {"name": "Kari"}
    assert kari["contact"]["time_zone"] == "Europe/Oslo"


def test_listmonk_s_attributes_are_columns(shop: Path):
    moved(shop, "listmonk")
    kari = json.loads(run(shop, "contact", "show", "kari@example.com", "--json").stdout)
    assert kari["contact"]["attributes"] == {
        "name": "Kari Nordmann", "city": "Oslo", "points": 120, "member": True,
        "interests": ["tents", "boots"],
    }  # fmt: skip


def test_two_files_that_disagree_are_shown_and_the_no_counts(shop: Path):
    order = ("contact", "import", *files(shop, "mailchimp"), "--from", "mailchimp", *BASIS)
    for more in ("--dry-run",), ():
        said = run(shop, *order, "--ignore-unknown", *more).stdout
        assert (
            "  line 5: the files disagree: unsubscribed in"
            " unsubscribed_members_export_5c1.csv, line 3; the no counts" in said
        )
        assert "3 added, 0 changed, 1 conflicting, 0 refused" in said


def test_moving_in_again_goes_on_where_nothing_is_left(shop: Path):
    moved(shop, "mailchimp")
    order = ("contact", "import", *files(shop, "mailchimp"), "--from", "mailchimp", *BASIS)
    again = run(shop, *order, "--ignore-unknown")
    assert "rejected.csv is left out: its rows are those of its source" in again.stderr
    assert "imported already as it is; nothing is left to do" in again.stdout
    assert "        3  kept away already" in again.stdout
    assert (
        "nonsubscribed_members_export_5c1.csv: 1 who never agreed there, and left out"
        in again.stdout
    )
    assert len(people(shop)) == 3


def test_a_first_import_asks_once_whether_nobody_said_no(shop: Path, monkeypatch):
    file = shop / "people.csv"
    file.write_text("email\nkari@example.com\n", encoding="utf-8")
    order = ("contact", "import", str(file), *BASIS)
    said = run(shop, *order, status=2)
    assert "or say --no-refusals if there is really nobody" in said.stderr
    assert people_anywhere(shop) == 0

    monkeypatch.setattr(moving, "_somebody_is_there", lambda: True)
    asked = run(shop, *order, status=2, typed="n\n").stderr
    assert "Is there really nobody?" in asked
    assert "nothing was imported" in asked
    run(shop, *order, typed="y\n")
    assert people_anywhere(shop) == 1
    more = shop / "more.csv"
    more.write_text("email\nola@example.com\n", encoding="utf-8")
    run(shop, "contact", "import", str(more), *BASIS)
    assert people_anywhere(shop) == 2


def people_anywhere(shop: Path) -> int:
    return run(shop, "contact", "export").stdout.count("\n") - 1


def test_a_file_of_refusals_beside_a_plain_one_answers_the_question(shop: Path):
    (shop / "people.csv").write_text(
        "email\nkari@example.com\nola@example.com\n", encoding="utf-8"
    )
    (shop / "left.csv").write_text("ola@example.com\n", encoding="utf-8")
    order = ("contact", "import", str(shop / "people.csv"), *BASIS)
    run(shop, *order, "--unsubscribed", str(shop / "left.csv"))
    assert people(shop) == {"kari"}
    assert reasons(shop) == {"ola": "unsubscribed"}


def test_refusals_can_be_for_one_list_only(shop: Path):
    moved(shop, "mailchimp", "--refused-for", "list")
    listed = run(shop, "suppression", "list", "siri@example.com", "--json").stdout
    assert json.loads(listed)[0]["scope"] == "list:newsletter"


def test_columns_are_declared_with_the_type_that_all_files_fit(shop: Path):
    one, two = shop / "one.csv", shop / "two.csv"
    one.write_text(
        "email,Skostørrelse,Kundenummer,VIP,Siden\n"
        "kari@example.com,38,1001,yes,2020-01-31\n",
        encoding="utf-8",
    )
    two.write_text(
        "email,Skostørrelse,Kundenummer,VIP,Siden\n"
        "ola@example.com,44.5,B-17,no,2021-02-28\n",
        encoding="utf-8",
    )
    config = shop / "config.toml"
    before = "# ours, do not lose\n" + config.read_text(encoding="utf-8")
    config.write_text(before, encoding="utf-8")
    order = ("contact", "import", str(one), str(two), *BASIS, "--no-refusals")
    refused = run(shop, *order, status=2).stderr
    assert "let --declare do it" in refused
    unasked = run(shop, *order, "--declare", status=2)
    assert "say --yes to declare these" in unasked.stderr
    assert config.read_text(encoding="utf-8") == before
    first = ("contact", "import", str(one), str(two), *BASIS, "--declare", "--yes")
    assert "this is the first import" in run(shop, *first, status=2).stderr
    assert config.read_text(encoding="utf-8") == before
    trial = run(shop, *order, "--declare", "--dry-run")
    assert "2 added" in trial.stdout
    assert config.read_text(encoding="utf-8") == before
    done = run(shop, *order, "--declare", "--yes")
    assert (
        "  Kundenummer: kundenummer, text  (a number in one.csv, but not in two.csv"
        " (line 2: 'B-17'))" in done.stderr
    )
    after = config.read_text(encoding="utf-8")
    assert after.startswith(before.rstrip())
    declared = tomllib.loads(after)["attributes"]
    assert {name: declared[name]["type"] for name in list(declared)[-4:]} == {
        "skostorrelse": "number", "kundenummer": "text", "vip": "boolean", "siden": "date",
    }  # fmt: skip
    kari = json.loads(run(shop, "contact", "show", "kari@example.com", "--json").stdout)
    assert kari["contact"]["attributes"] == {
        "skostorrelse": 38, "kundenummer": "1001", "vip": True, "siden": "2020-01-31",
    }  # fmt: skip


def test_a_column_that_is_declared_as_a_number_takes_no_text(shop: Path):
    for name, points in (("one", "12"), ("two", "many")):
        (shop / f"{name}.csv").write_text(
            f"email,points\n{name}@example.com,{points}\n", encoding="utf-8"
        )
    done = run(
        shop, "contact", "import", str(shop / "one.csv"), str(shop / "two.csv"), *BASIS,
        "--no-refusals",
    ).stdout  # fmt: skip
    assert "  line 2: points: 'many' is not a number" in done
    assert "in all: 1 added, 0 changed, 0 conflicting, 1 refused" in done


def test_a_till_s_export_comes_in_and_goes_out_without_a_formula(shop: Path):
    file = shop / "till.csv"
    formula = '=HYPERLINK("http://x.test","Åse")'
    cell = formula.replace('"', '""')
    file.write_bytes(
        f'E-post;Navn;By\r\nåse@example.com;x;y\r\nkari@example.com;"{cell}";Bodø\r\n'
        .encode("cp1252")
    )  # fmt: skip
    columns = ("--column", "E-post=email", "--column", "Navn=name", "--column", "By=city")
    order = ("contact", "import", str(file), *BASIS, *columns, "--no-refusals")
    said = run(shop, *order).stdout
    assert "read as Windows-1252, with semicolons between cells" in said
    kari = json.loads(run(shop, "contact", "show", "kari@example.com", "--json").stdout)
    assert kari["contact"]["attributes"] == {"name": formula, "city": "Bodø"}
    out = shop / "out.csv"
    out.write_text(run(shop, "contact", "export").stdout, encoding="utf-8", newline="")
    assert ",'=HYPERLINK" in out.read_text(encoding="utf-8").replace("\"'", ",'")
    again = run(shop, "contact", "import", str(out), *BASIS, "--json").stdout
    assert json.loads(again)["counts"] == {"already_on": 2}


@pytest.mark.parametrize("service", sorted(EXPECTED))
def test_a_file_that_is_none_of_the_service_s_is_refused(shop: Path, service: str):
    file = shop / "wrong.csv"
    file.write_text("name,city\nKari,Oslo\n", encoding="utf-8")
    order = ("contact", "import", str(file), "--from", service, *BASIS)
    assert f"is no export of {service}" in run(shop, *order, status=2).stderr


def test_klaviyo_has_to_say_who_is_subscribed(shop: Path):
    file = shop / "list.csv"
    file.write_text("Email,First Name\nkari@example.com,Kari\n", encoding="utf-8")
    order = ("contact", "import", str(file), "--from", "klaviyo", *BASIS)
    assert "does not say who is subscribed" in run(shop, *order, status=2).stderr


def test_a_person_is_erased_once_somebody_agrees(shop: Path):
    moved(shop, "mailchimp")
    order = ("contact", "erase", "kari@example.com", "--by", "Ola")
    assert "kari@example.com would be erased" in run(shop, *order, "--dry-run").stdout
    assert "say --yes; nothing was changed" in run(shop, *order, status=2).stderr
    done = run(shop, *order, "--yes").stdout.splitlines()
    assert done[0] == (
        "kari@example.com is erased; a keyed hash is kept, so that nobody writes again"
    )
    assert people(shop) == {"ola", "aase"}
    again = json.loads(run(shop, *order, "--yes", "--json").stdout)
    assert again["known"] is False
    assert run(shop, "db", "verify").exit_code == 0


@pytest.mark.parametrize(
    ("name", "header", "words"),
    [
        ("people.csv", "Email Address,UNSUB_TIME", "has a column 'unsub_time'"),
        ("people.csv", "Email,Email Marketing Consent", "--from mailchimp, klaviyo"),
        ("unsubscribed-2024.csv", "email", "say --unsubscribed FILE"),
        ("bounced.csv", "email", "say --bounced FILE"),
        ("x.csv", "address,hash,scope,reason", "mailer suppression import"),
    ],
)
def test_who_said_no_is_not_imported_as_people_by_mistake(
    shop: Path, name: str, header: str, words: str
):
    file = shop / name
    file.write_text(f"{header}\nkari@example.com,2024-01-01,,\n", encoding="utf-8")
    order = ("contact", "import", str(file), *BASIS, "--no-refusals", "--ignore-unknown")
    assert words in run(shop, *order, status=2).stderr
    assert people_anywhere(shop) == 0


def test_a_list_that_nobody_was_on_prints_no_header(shop: Path):
    done = run(shop, "contact", "export", "--list", "newsletter", status=2)
    assert done.stdout == ""


def test_moving_in_goes_on_after_it_was_cut_off(shop: Path, monkeypatch):
    file = shop / "profiles.csv"
    rows = [f"p{number}@example.com,SUBSCRIBED" for number in range(600)]
    rows += ["nobody,SUBSCRIBED", "gone@example.com,UNSUBSCRIBED", "x,UNSUBSCRIBED"]
    file.write_text(
        "\n".join(["Email,Email Marketing Consent", *rows]) + "\n", encoding="utf-8"
    )
    order = ("contact", "import", str(file), "--from", "klaviyo", *BASIS, "--json")
    real, slices = import_run.advance, []

    def advance(*arguments: object) -> bool:
        slices.append(arguments)
        if len(slices) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(import_run, "advance", advance)
        run(shop, *order, status=130)
    done = json.loads(run(shop, *order).stdout)
    (people_of_it,) = done["imports"]
    assert people_of_it["resumed"]
    assert done["summary"]["added"] == 600
    text = Path(people_of_it["rejected_file"]).read_text(encoding="utf-8-sig")
    assert "\0" not in text
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == [
        "nobody", "gone@example.com", "x",
    ]  # fmt: skip


def test_listmonk_s_attributes_never_stand_for_a_column_that_there_is(shop: Path):
    file = shop / "subscribers.csv"
    file.write_text(
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        '1,kari@example.com,Kari,"{""name"": ""K"", ""City"": ""Oslo"", ""city"": ""X""}",'
        "enabled,,\n",
        encoding="utf-8",
    )
    order = ("contact", "import", str(file), "--from", "listmonk", *BASIS)
    run(shop, *order, "--no-refusals")
    kari = json.loads(run(shop, "contact", "show", "kari@example.com", "--json").stdout)
    assert kari["contact"]["attributes"] == {"name": "Kari", "city": "Oslo"}


def write_members(shop: Path, name: str, *rows: str) -> str:
    path = shop / name
    path.write_text("\n".join(["email;name;city", *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_two_files_that_tell_two_things_of_a_person_are_shown_and_the_later_counts(
    shop: Path,
):
    old = write_members(
        shop, "last-year.csv", "anna@example.com;Anna;Oslo", "bo@example.com;Bo;",
        "cy@example.com;Cy;Bergen",
    )  # fmt: skip
    new = write_members(
        shop, "today.csv", "bo@example.com;Bo;Moss", "ANNA@example.com;Anna;Bergen",
        "cy@example.com;;Bergen",
    )  # fmt: skip
    order = ("contact", "import", old, new, *BASIS, "--no-refusals")
    for more in ("--dry-run",), ():
        done = json.loads(run(shop, *order, "--json", *more).stdout)
        assert done["summary"] == {
            "added": 3, "changed": 2, "conflicting": 1, "refused": 0
        }  # fmt: skip
        assert done["imports"][1]["differing"] == [
            {
                "line": 3,
                "what": "ANNA@example.com: city is 'Oslo' in last-year.csv and 'Bergen'"
                " here; what this file says counts",
            }
        ]
    anna = json.loads(run(shop, "contact", "show", "anna@example.com", "--json").stdout)
    assert anna["contact"]["attributes"] == {"name": "Anna", "city": "Bergen"}


def test_files_that_disagree_say_so_in_lines_too(shop: Path):
    old = write_members(shop, "a.csv", *(f"p{n}@example.com;P;Oslo" for n in range(30)))
    new = write_members(shop, "b.csv", *(f"p{n}@example.com;P;Moss" for n in range(30)))
    order = ("contact", "import", old, new, *BASIS, "--no-refusals", "--dry-run")
    said = run(shop, *order).stdout
    assert "  line 2: p0@example.com: city is 'Oslo' in a.csv and 'Moss' here" in said
    assert "and 10 more of whom the files disagree" in said
    assert "30 added, 30 changed, 30 conflicting, 0 refused" in said


def test_what_is_on_record_is_changed_and_no_disagreement(shop: Path):
    old = write_members(shop, "a.csv", "anna@example.com;Anna;Oslo")
    run(shop, "contact", "import", old, *BASIS, "--no-refusals")
    new = write_members(shop, "b.csv", "anna@example.com;Anna;Moss")
    other = write_members(shop, "c.csv", "bo@example.com;Bo;Moss")
    order = ("contact", "import", new, other, *BASIS, "--json")
    summary = json.loads(run(shop, *order).stdout)["summary"]
    assert summary == {"added": 1, "changed": 1, "conflicting": 0, "refused": 0}
