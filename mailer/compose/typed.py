"""What somebody types on a page becomes a message, as a mail program would send it.

From then on it is treated as mail is: kept, understood, put on a ticket, acknowledged. The
same page sent twice gives the same bytes, so that it is kept once.

Sources: RFC 5322 §3.6 (header fields), RFC 3282 §2 (Content-Language).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTPUTF8

FORM_FIELD = "X-Form"
LANGUAGE_FIELD = "X-Form-Language"


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into a page.

    Args:
        sender: The person's address, its domain as A-label.
        name: What she calls herself, in one line; "" for nothing.
        to: The address of ours that it is written to.
        form: The page's name: `contact` or `ticket`.
        once: What the page had of its own, so that sending it twice is one message.
        at: When the page was shown.
    """

    sender: str
    name: str
    to: str
    subject: str
    text: str
    form: str
    language: str
    once: str
    at: datetime


def typed_message(typed: Typed) -> bytes:
    """Write the message."""
    made = EmailMessage(policy=SMTPUTF8)
    made["Return-Path"] = f"<{typed.sender}>"
    made["From"] = _mailbox(typed.sender, typed.name)
    made["To"] = _mailbox(typed.to)
    made["Subject"] = typed.subject
    made["Date"] = typed.at
    made["Message-ID"] = f"<form.{_digest(typed)}@{typed.to.rpartition('@')[2]}>"
    made[FORM_FIELD] = typed.form
    made[LANGUAGE_FIELD] = typed.language
    made.set_content(typed.text)
    return made.as_bytes()


def _mailbox(address: str, name: str = "") -> Mailbox:
    """Return an address for a header field.

    It is handed in by its halves: as a whole the standard library refuses one whose local
    part is not ASCII (RFC 6532 §3.2).
    """
    local, _, domain = address.rpartition("@")
    return Mailbox(name, local, domain)


def _digest(typed: Typed) -> str:
    said = repr((typed.once, typed.sender, typed.to, typed.subject, typed.text))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]
