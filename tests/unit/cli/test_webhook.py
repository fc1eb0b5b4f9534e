"""`mailer webhook` as it is typed."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.config.webhooks import endpoints_of
from mailer.jobs.happenings import follow
from mailer.jobs.webhooks import deliver
from mailer.model.webhook import read_secret_key
from mailer.wiring import utc_now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    assert CliRunner().invoke(mailer, ["init", str(made)]).exit_code == 0
    return made


def test_endpoints_are_listed_and_one_that_is_not_known_is_refused(folder: Path):
    def run(*words: str):
        return CliRunner().invoke(mailer, ["-w", str(folder), "webhook", *words])

    made = run("secret").stdout
    assert len(read_secret_key(made)) == 32
    assert made != run("secret").stdout
    with (folder / "config.toml").open("a") as config:
        config.write('\n[webhooks.shop]\nurl = "https://shop.example.com/h"\n')
        config.write('secret_env = "SHOP_SECRET"\n')
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["endpoint"], listed["since"], listed["waiting"]) == ("shop", None, 0)
    refused = run("replay", "shpo")
    assert refused.exit_code == 2
    assert "no endpoint 'shpo'" in refused.stderr
    assert run("replay", "shop", "--hours", "0").exit_code == 2


Came = list[tuple[dict[str, str], bytes]]


@pytest.fixture
def listening() -> Generator[tuple[str, Came], None, None]:
    """The address of a server that takes everything, and what came."""
    came: Came = []

    class Shop(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            named = {name.lower(): value for name, value in self.headers.items()}
            came.append((named, self.rfile.read(int(named["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", came
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_was_taken_is_told_again_by_command_under_the_same_ids(
    tmp_path: Path, listening: tuple[str, Came]
):
    url, came = listening
    secret = CliRunner().invoke(mailer, ["webhook", "secret"]).stdout.strip()
    endpoint = {"url": url, "secret_env": "SHOP_SECRET", "private": True}
    tables: dict[str, Any] = {"webhooks.shop": endpoint}

    def run(*words: str) -> str:
        done = CliRunner().invoke(mailer, ["-w", str(tmp_path), *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    with make_workspace(tmp_path, **tables) as workspace:
        asked = endpoints_of(
            workspace.folder, workspace.settings.webhooks, {"SHOP_SECRET": secret}
        )
        follow(workspace.database, asked, utc_now())
        words = ("--list", "newsletter", "--basis", "express", "--source", "stall")
        run("contact", "add", "kari@example.com", *words)
        follow(workspace.database, asked, utc_now())
        assert deliver(workspace.database, asked[0], utc_now).taken == 1
        said = run("webhook", "replay", "shop", "--all")
        assert said == "1 webhooks of shop wait to be told again by `mailer serve`\n"
        assert deliver(workspace.database, asked[0], utc_now).taken == 1
    key = base64.b64decode(secret.removeprefix("whsec_"))
    for headers, body in came:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{right}"
        assert json.loads(body)["type"] == "contact.joined"
    assert len(came) == 2
    assert came[0][0]["webhook-id"] == came[1][0]["webhook-id"]
