"""`mailer dkim` makes keys, shows what to publish, and never shows a key."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_workspace(tmp_path, site={"public_url": "http://127.0.0.1:1"}).close()
    return tmp_path


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == status, done.output
    return done


def activate(folder: Path, domain: str, selector: str) -> None:
    with (folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[dkim."{domain}"]\nselector = "{selector}"\n')


def test_a_key_is_made_published_and_named(folder: Path) -> None:
    made = run(folder, "dkim", "new", "Example.COM", "--selector", "autumn")
    assert "autumn._domainkey.example.com. 3600 IN TXT" in made.output
    file = folder / "dkim/example.com/autumn.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    assert not any(line in made.output for line in file.read_text().split()[3:-3])
    assert "signs nothing" in run(folder, "dkim", "show").output
    assert '[dkim."example.com"]\nselector = "autumn"' in made.output
    activate(folder, "example.com", "autumn")
    assert "signs letters" in run(folder, "dkim", "show", "example.com").output
    (shown,) = json.loads(run(folder, "dkim", "show", "--json").stdout)
    assert shown["active"]
    assert "".join(shown["strings"]) == shown["value"]
    assert max(map(len, shown["strings"])) <= 255
    # 2048 bits are 392 characters of base64.
    assert re.fullmatch(r"v=DKIM1; k=rsa; p=[\w+/]{389,392}=*", shown["value"])


def test_keys_of_one_month_have_names_of_their_own_and_none_is_overwritten(
    folder: Path,
) -> None:
    names = [
        json.loads(run(folder, "dkim", "new", "example.com", "--json").stdout)["selector"]
        for _ in range(2)
    ]
    assert names[1] == f"{names[0]}-2"
    refused = run(folder, "dkim", "new", "example.com", "--selector", names[0], status=2)
    assert "there is a key by that name" in refused.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("new", "no domain"), "is no domain"),
        (("new", "example.com", "--selector", "../x"), "small letters"),
        (("show", "example.net"), "there is no key of example.net"),
    ],
)
def test_mistakes_say_what_to_do(
    folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert words in run(folder, "dkim", *arguments, status=2).output


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (None, "there is no such key"),
        (b"", "no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n", "no private"),
    ],
)
def test_nothing_is_sent_while_the_key_is_missing_or_damaged(
    folder: Path, damage: bytes | None, words: str
) -> None:
    activate(folder, "example.com", "gone")
    if damage is not None:
        file = folder / "dkim/example.com/gone.pem"
        file.parent.mkdir(parents=True)
        file.write_bytes(damage)
    assert words in run(folder, "dkim", "show", status=2).output
    checked = run(folder, "check", "--offline", "--json", status=1)
    (signing,) = [
        one for one in json.loads(checked.stdout) if one["looked at"] == "signing"
    ]
    assert words in signing["problem"]
    served = run(folder, "serve", status=2)
    assert "dkim/example.com/gone.pem" in served.output


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('[dkim."Example.com"]\nselector = "a"', 'write it as [dkim."example.com"]'),
        ('[dkim."example.com"]', "needs a selector"),
        ('[dkim."example.com"]\nselector = "A_b"', "small letters"),
        ('[dkim."example.com"]\nselektor = "a"', "did you mean 'selector'"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    folder: Path, written: str, words: str
) -> None:
    with (folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f"\n{written}\n")
    assert words in run(folder, "config", "show", status=2).output
