"""What `deploy/` holds, each tried: units, backup script, HTTPS, container file."""

import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from journey.program import MAILER, Shop, one_click, relay, until
from journey.program import unsubscribe_link as link_of
from mailservers import program
from ports import free_port
from protocol.certificates import Authority

from mailer.config.reading import read_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = ("mailer.service", "mailer-backup.service", "mailer-backup.timer")
BIN = "/opt/mailer/bin"


def in_place(folder: Path) -> Path:
    """Put the programs that the units name where this test may; return their folder."""
    folder.mkdir()
    mailer = folder / "mailer"
    mailer.write_text(f'#!/bin/sh\nexec {" ".join(MAILER)} "$@"\n', encoding="utf-8")
    mailer.chmod(0o755)
    shutil.copy(DEPLOY / "mailer-backup", folder)
    return folder


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    found = shutil.which("systemd-analyze")
    assert found, "systemd-analyze is missing: install Debian's package systemd"
    bin_folder = in_place(tmp_path / "bin")
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(BIN, str(bin_folder)), encoding="utf-8")
    done = subprocess.run(
        [found, "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "mailer" in line]
    assert (done.returncode, ours) == (0, [])


def test_systemd_finds_a_mistake_in_a_unit(tmp_path: Path) -> None:
    found = shutil.which("systemd-analyze")
    assert found, "systemd-analyze is missing: install Debian's package systemd"
    text = (DEPLOY / "systemd" / "mailer.service").read_text(encoding="utf-8")
    wrong = tmp_path / "mailer.service"
    wrong.write_text(text.replace("KillMode=", "KilMode="), encoding="utf-8")
    done = subprocess.run(
        [found, "verify", "--man=no", str(wrong)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "KilMode" in done.stderr


def test_a_backup_by_the_script_is_brought_back(shop: Shop, tmp_path: Path) -> None:
    bin_folder = in_place(tmp_path / "bin")
    backups = tmp_path / "backups"
    old = backups / "mailer-20260101-031000"
    with relay() as taken:
        shop.make(taken.port)
        shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, 4)])
        shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
        serve = shop.start()
        shop.until_finished(1)
        old.mkdir(parents=True)
        (old / "mailer.db").touch()
        long_ago = time.time() - 30 * 86_400
        os.utime(old, (long_ago, long_ago))
        # While it runs.
        made = subprocess.run(
            [str(bin_folder / "mailer-backup"), str(shop.folder), str(backups)],
            capture_output=True,
            text=True,
            check=True,
        )
        folder = Path(made.stdout.splitlines()[-1])
        assert sorted(one.name for one in folder.iterdir()) == [
            "ledger-checkpoints.jsonl", "logbook", "mailer.db",
        ]  # fmt: skip
        assert [one.name for one in backups.iterdir()] == [folder.name]
        assert folder.stat().st_mode & 0o077 == 0
        assert one_click(link_of(taken.of("p1@example.com")[0])) == 200
        serve.kill()
        shop.close_database()
        told = shop.run("db", "restore", str(folder / "mailer.db"))
        assert "1 of them were not in the backup" in told
        (kept,) = shop.folder.glob("mailer.db.replaced-*")
        assert kept.stat().st_size
        assert shop.run("db", "verify", "--json").count('"holds": true') == 4


def test_a_backup_that_fails_takes_no_old_one_away(tmp_path: Path) -> None:
    bin_folder = in_place(tmp_path / "bin")
    old = tmp_path / "backups" / "mailer-20260101-031000"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))
    done = subprocess.run(
        [str(bin_folder / "mailer-backup"), str(tmp_path / "none"), str(old.parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert [one.name for one in old.parent.iterdir()] == [old.name]


@contextmanager
def nginx(folder: Path, port: int, behind: int) -> Generator[ssl.SSLContext]:
    """Run nginx with our file, but for its names and ports."""
    found = program("nginx", "nginx")
    authority = Authority(folder)
    authority.server()
    (chain,) = folder.glob("* 127.0.0.1 *.pem")
    ours = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    ours = re.sub(r"/etc/letsencrypt/\S+\.pem", f'"{chain}"', ours)
    ours = ours.replace("listen 443", f"listen 127.0.0.1:{port}")
    ours = ours.replace("127.0.0.1:8025", f"127.0.0.1:{behind}")
    temp = "".join(
        f"{what}_temp_path {folder}/{what};\n"
        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = folder / "nginx.conf"
    conf.write_text(
        f"pid {folder}/pid;\nerror_log {folder}/error.log;\ndaemon off;\n"
        f"events {{}}\nhttp {{\n{temp}{ours}\n}}\n",
        encoding="utf-8",
    )
    running = subprocess.Popen(
        [found.path, "-e", str(folder / "error.log"), "-c", str(conf)], env=found.env
    )
    try:
        yield ssl.create_default_context(cafile=str(authority.file))
    finally:
        running.terminate()
        running.wait(30)


def asked(
    port: int, method: str, path: str, trust: ssl.SSLContext, body: str | None = None
) -> int:
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trust, timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_one_click_works_through_nginx_and_metrics_do_not(
    shop: Shop, tmp_path: Path
) -> None:
    folder = tmp_path / "nginx"
    folder.mkdir()
    port = free_port()
    with relay() as taken, nginx(folder, port, shop.port) as trust:
        shop.make(taken.port)
        shop.import_people(["p1@example.com,Person 1"])
        shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
        shop.start()
        shop.until_finished(1)

        def answers() -> bool:
            try:
                return asked(port, "GET", "/health", trust) == 200
            except OSError:
                return False

        until(answers, "nginx answers")
        path = "/u/" + link_of(taken.letters[0]).rpartition("/u/")[2]
        assert asked(port, "GET", path, trust) == 200
        body = "List-Unsubscribe=One-Click"
        assert asked(port, "POST", path, trust, body) == 200
        assert asked(port, "GET", "/metrics", trust) == 404
    shown = shop.json("contact", "show", "p1@example.com")
    assert "unsubscribed" in str(shown)


def test_caddy_understands_its_file(tmp_path: Path) -> None:
    found = program("caddy", "caddy")
    done = subprocess.run(
        [found.path, "validate", "--adapter", "caddyfile", "--config",
         str(DEPLOY / "Caddyfile")],
        capture_output=True,
        text=True,
        check=False,
        env={**found.env, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Valid configuration" in done.stdout + done.stderr


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (one.partition(" ") for one in lines)]


def test_the_container_file_copies_what_the_package_is_built_from(tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    for word, rest in instructions():
        if word == "COPY":
            *names, to = rest.split()
            target = source / to.removeprefix("/src").strip("/")
            for name in names:
                place = ROOT / name
                assert place.exists(), f"COPY {name}: there is none"
                if place.is_dir():
                    shutil.copytree(place, target)
                else:
                    shutil.copy(place, target)
    # As pip does it, without asking anybody for more packages.
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert list(tmp_path.glob("*.whl"))


def test_the_container_runs_the_program_with_settings_that_there_are(shop: Shop) -> None:
    told = dict(instructions())
    environment = dict(pair.split("=", 1) for pair in told["ENV"].split())
    assert read_settings({}, environment).site.listen_host == "0.0.0.0"
    assert told["ENTRYPOINT"] == '["mailer", "--workspace", "/shop"]'
    assert told["CMD"] == '["serve"]'
    assert (told["STOPSIGNAL"], told["USER"]) == ("SIGTERM", "mailer")
    check = re.search(r'CMD \["python", "-c", "(.*)"\]', told["HEALTHCHECK"])
    assert check is not None
    code = check[1].replace("8025", str(shop.port))
    asks = [sys.executable, "-c", code]
    with relay() as taken:
        shop.make(taken.port)
        assert subprocess.run(asks, check=False, capture_output=True).returncode != 0
        shop.start()
        assert subprocess.run(asks, check=False).returncode == 0


def test_the_container_has_a_python_and_extras_that_the_package_allows() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = package["project"]
    told = dict(instructions())
    version = re.fullmatch(r"python:(3\.\d+)-slim", told["FROM"])
    assert version is not None
    assert f"Programming Language :: Python :: {version[1]}" in project["classifiers"]
    least = re.fullmatch(r">=3\.(\d+)", project["requires-python"])
    assert least is not None
    assert int(version[1].removeprefix("3.")) >= int(least[1])
    (extras,) = re.findall(r"/src\[([a-z,]+)\]", told_of("RUN"))
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert json.loads(told["ENTRYPOINT"])[0] in project["scripts"]


def told_of(word: str) -> str:
    return "\n".join(rest for one, rest in instructions() if one == word)


@pytest.mark.parametrize("name", ["mailer-backup"])
def test_scripts_are_programs(name: str) -> None:
    assert os.access(DEPLOY / name, os.X_OK)
    subprocess.run(["sh", "-n", str(DEPLOY / name)], check=True)
