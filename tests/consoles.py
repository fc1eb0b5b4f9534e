"""A console with staff who are signed in, over a whole workspace: for tests."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyotp
from frontdesks import a_message
from starlette.applications import Starlette
from starlette.testclient import TestClient
from worlds import make_workspace

from mailer.jobs import staff
from mailer.jobs.incoming import handle_all, keep
from mailer.jobs.staff import NewStaff
from mailer.model.staff import Role
from mailer.receiving import desk_of
from mailer.web.app import build_app
from mailer.wiring import Workspace, utc_now

Files = Sequence[tuple[str, bytes]]
SITE = "https://mail.example.com"
PASSWORD = "four words not together"
MAILBOXES = {
    "mailboxes.support": {
        "address": "Fjell & Fjord <support@shop.example>",
        "hours": ["mon-sun 00:00-24:00"],
        "staff": ["Kari"],
    },
    "mailboxes.press": {
        "signature": "The press desk",
        "address": "press@shop.example",
        "hours": ["mon-sun 00:00-24:00"],
        "staff": ["Per"],
    },
}


def a_console(folder: Path, **settings: object) -> Workspace:
    """Make a workspace with two mailboxes."""
    return make_workspace(folder / "shop", **{**MAILBOXES, **settings})


_EMPTIED = (
    "ticket", "ticket_entry", "ticket_draft", "ticket_file", "blocked",
    "acknowledgement", "incoming", "delivery", "contact", "suppression", "staff",
    "staff_session", "staff_try", "staff_deed", "staff_notice", "sqlite_sequence",
)  # fmt: skip


def empty(workspace: Workspace) -> None:
    """Take all people and tickets out of an SQLite workspace; numbers begin at 1 again."""
    with workspace.database.write() as connection:
        for name in _EMPTIED:
            connection.exec_driver_sql(f"DELETE FROM {name}")


def take_in(workspace: Workspace, raw: bytes) -> int:
    """Take a message in, and act on it; return its number."""
    number, _ = keep(workspace.database, raw, "pipe", utc_now())
    list(handle_all(desk_of(workspace), utc_now()))
    return number


def write(workspace: Workspace, text: str = "Do you ship tents?", **more: str) -> int:
    """Let a person write; return the message's number."""
    return take_in(workspace, a_message(text, **more))


@dataclass
class Agent:
    """One of the staff at a browser."""

    client: TestClient
    name: str
    secret: str = ""

    def get(self, path: str, **more: object):
        return self.client.get(f"/console{path}", **more)

    def key(self) -> str:
        """Return what the forms of this session carry."""
        found = re.search(r'name="form_key" value="(\w+)"', self.get("/").text)
        assert found
        return found[1]

    def post(self, path: str, files: Files = (), **fields: str):
        data = {"form_key": self.key(), **fields}
        sent = [("file", (name, content)) for name, content in files]
        return self.client.post(f"/console{path}", data=data, files=sent or None)


def invited(workspace: Workspace, name: str, role: Role, *mailboxes: str) -> str:
    """Add somebody who has chosen a password; return the secret of their codes."""
    known = [one.name for one in workspace.mailboxes()]
    new = NewStaff(name, role, "", mailboxes)
    link = staff.add(workspace.database, new, known, "test", utc_now())
    box = workspace.world().tokens
    found = staff.invitation(workspace.database, box, link, "shop", utc_now())
    assert found is not None
    code = pyotp.TOTP(found.secret).at(utc_now(), counter_offset=-1)
    staff.accept(workspace.database, box, link, PASSWORD, code, utc_now())
    return found.secret


def code_of(secret: str, off: int = 0) -> str:
    return pyotp.TOTP(secret).at(utc_now(), counter_offset=off)


def a_client(app: Starlette) -> TestClient:
    return TestClient(app, SITE, follow_redirects=False)


def signed_in(
    workspace: Workspace,
    app: Starlette | None = None,
    name: str = "Kari",
    role: Role = Role.AGENT,
    *mailboxes: str,
) -> Agent:
    """Return somebody with a browser who has signed in."""
    secret = invited(workspace, name, role, *mailboxes)
    agent = Agent(a_client(app or build_app(workspace)), name, secret)
    fields = {"name": name, "password": PASSWORD, "code": code_of(secret)}
    answer = agent.client.post("/console/sign-in", data=fields)
    assert answer.status_code == 303, answer.text
    return agent
