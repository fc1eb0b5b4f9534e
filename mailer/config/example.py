"""The example of `config.toml`, made from the fields: it can never say anything else."""

import textwrap
from collections.abc import Sequence
from datetime import date
from typing import cast

from mailer.config.fields import Attribute, Settings
from mailer.config.section import Section

WIDTH = 92

HEADER = """\
The settings of a workspace, each with its default.
Any but the attributes can also come from the environment, which wins: MAILER_DATABASE, or
MAILER_RELAY__HOST for `host` in [relay]. `mailer config show` says where each came from.
Passwords are never written here: name their variable or file."""

RELAYS = """\
Several relays instead of the one under [relay], each in a table of its own with the same
settings and a name. Each has its own limits; when one is down, others take its letters."""

EXAMPLE_RELAYS = """\
# [relays.bulk]
# preset = "amazon-ses"
# host = "email-smtp.eu-north-1.amazonaws.com"
# username = "…"
# password_env = "SES_PASSWORD"
# [relays.answers]
# host = "localhost"
# port = 25
# tls = "none"
# lanes = ["answers", "transactions"]"""

DKIM = """\
The keys that letters are signed with, a table for each domain that they are from:
`mailer dkim new` makes one, and says what to publish. None: the relay signs, or nobody."""

EXAMPLE_DKIM = '''\
# [dkim."example.com"]
# selector = "mailer-2026-11"'''

WARM_UP = """\
How new sending domains are warmed up, a table for each domain that campaigns are from: how
many letters may leave on the first, second … day on which it sends. What is over waits for
the next day. None: no domain has a limit of its own."""

EXAMPLE_WARM_UP = """\
# [warm_up."news.example.com"]
# letters = [200, 500, 1000, 2000, 5000, 10000, 20000, 40000, 75000, 150000]"""

WEBHOOKS = """\
Other programs that are told what happens to people, each in a table of its own: see
docs/api.md. `private = true` lets one be on a private network."""

EXAMPLE_WEBHOOKS = """\
# [webhooks.shop]
# url = "https://shop.example.com/mailer"
# secret_env = "SHOP_SECRET"
# events = ["joined", "left", "bounced", "complained", "replied", "erased"]"""

MAILBOXES = """\
The addresses that people write to, each in a table of its own: who answers and when. What
they write becomes a ticket, and they are told at once by when a person answers.
Its mail comes by LMTP or SMTP (see [inbox]), or is read from an IMAP server, where nothing
is deleted or marked as seen, or from a Maildir. One without an address is for what machines
write, such as the mailbox of return paths."""

EXAMPLE_MAILBOXES = """\
# [mailboxes.support]
# address = "Fjell & Fjord <support@example.com>"
# language = "nb"
# time_zone = "Europe/Oslo"
# hours = ["mon-fri 09:00-17:00", "sat 10:00-14:00"]
# holidays = ["01-01", "05-17", "12-25", "2026-12-24"]
# first_answer_h = 8
# next_answer_h = 8
# solution_h = 40
# staff = ["Kari", "Ola"]
# maildir = "/var/mail/support/Maildir"
# [mailboxes.bounces]
# imap_host = "imap.example.com"
# imap_port = 993
# imap_tls = "implicit"
# imap_user = "bounces@example.com"
# imap_password_env = "BOUNCES_PASSWORD"
# imap_folder = "INBOX"
# poll_s = 60
# old_days = 7"""

EXAMPLE_ATTRIBUTES = {
    "name": Attribute(type="text"),
    "country": Attribute(type="text"),
    "city": Attribute(type="text"),
    "interests": Attribute(type="texts", default=[]),
    "points": Attribute(type="number", default=0),
    "birthday": Attribute(type="date"),
    "member": Attribute(type="boolean", default=False),
}
"""What the example workspace knows about the customers of its shop."""


def example() -> str:
    """Write the example: every setting with its description, default and unit."""
    # What was written before there was this setting has none: it starts nothing then.
    parts = [_comment(HEADER), _table(Settings(mode="rehearsal"))]
    for name in Settings.model_fields:
        section = getattr(Settings(), name)
        if isinstance(section, Section):
            title = _comment(type(section).__doc__ or "")
            parts.append(f"{title}\n[{name}]\n{_table(section)}")
        elif name == "relays":
            parts.append(f"{_comment(RELAYS)}\n[relays]\n{EXAMPLE_RELAYS}")
        elif name == "mailboxes":
            parts.append(f"{_comment(MAILBOXES)}\n[mailboxes]\n{EXAMPLE_MAILBOXES}")
        elif name == "dkim":
            parts.append(f"{_comment(DKIM)}\n[dkim]\n{EXAMPLE_DKIM}")
        elif name == "warm_up":
            parts.append(f"{_comment(WARM_UP)}\n[warm_up]\n{EXAMPLE_WARM_UP}")
        elif name == "webhooks":
            parts.append(f"{_comment(WEBHOOKS)}\n[webhooks]\n{EXAMPLE_WEBHOOKS}")
    parts.append(_attributes())
    return "\n\n".join(parts) + "\n"


def toml_value(value: object) -> str:
    """Write a value as TOML does."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            escaped = "".join(_escaped(character) for character in value)
            return f'"{escaped}"'
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case date():
            return value.isoformat()
        case list() | tuple():
            parts = cast("Sequence[object]", value)
            return f"[{', '.join(toml_value(one) for one in parts)}]"
        case _:
            raise TypeError(f"TOML has no {type(value)}")


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _comment(text: str) -> str:
    return "\n".join(
        f"# {line}" for one in text.splitlines() for line in textwrap.wrap(one, WIDTH - 2)
    )


def _table(section: Section) -> str:
    lines: list[str] = []
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        if isinstance(value, (Section, dict)):
            continue
        lines.append(f"{_comment(field.description or '')}\n{key} = {toml_value(value)}")
    return "\n".join(lines)


def _attributes() -> str:
    fields = Attribute.model_fields
    parts = [
        _comment(
            f"{Settings.model_fields['attributes'].description}\n"
            f"type: text, number, boolean, date or texts. {fields['type'].description}\n"
            f"default: {fields['default'].description}"
        )
    ]
    for name, attribute in EXAMPLE_ATTRIBUTES.items():
        lines = [f"[attributes.{name}]", f"type = {toml_value(attribute.type)}"]
        if attribute.default is not None:
            lines.append(f"default = {toml_value(attribute.default)}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)
