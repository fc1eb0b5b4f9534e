"""Reports of many mail systems and providers, made up from memory, with what they mean.

Each is written as its system writes it, with an address and a letter of nobody's. The
third value is the reason, or "" where several are as good.
"""

from dataclasses import dataclass
from pathlib import Path

WHO = "kijitora@example.org"
COPY = f"""
Return-Path: <shironeko@example.jp>
Received: from x by y
Message-ID: <1@example.jp>
From: shironeko@example.jp
To: {WHO}
Subject: Nyaan

Nyaan
"""


@dataclass(frozen=True)
class Made:
    """A report, and what must be read from it."""

    raw: bytes
    hard: bool
    reasons: frozenset[str]
    kind: str = "bounce"


REPORTS: dict[str, Made] = {}


def words(
    name: str,
    sender: str,
    subject: str,
    body: str,
    hard: bool,  # noqa: FBT001 - as it is read in the tables below
    *reasons: str,
    kind: str = "bounce",
) -> None:
    """Add a report in words, with the letter below."""
    head = (
        f"Return-Path: <>\nFrom: {sender}\nTo: shironeko@example.jp\nSubject: {subject}\n\n"
    )
    text = head + body.replace("WHO", WHO)
    REPORTS[name] = Made(text.encode(), hard, frozenset(reasons), kind)


def standard(
    name: str,
    sender: str,
    status: str,
    said: str,
    hard: bool,  # noqa: FBT001 - as it is read in the tables below
    *reasons: str,
    action: str,
) -> None:
    """Add a report with a delivery status part (RFC 3464)."""
    raw = f"""\
Return-Path: <>
From: {sender}
To: shironeko@example.jp
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=utf-8

Your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.jp

Final-Recipient: rfc822; {WHO}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said.replace("WHO", WHO)}

--b1
Content-Type: message/rfc822
{COPY}
--b1--
"""
    kind = "bounce" if action == "failed" else "report"
    REPORTS[name] = Made(raw.encode(), hard, frozenset(reasons), kind)


QMAIL = (
    """Hi. This is the qmail-send program at mx.example.jp.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<WHO>:
{}

--- Below this line is a copy of the message.
"""
    + COPY
)
DAEMON = "MAILER-DAEMON@mx.example.jp"


def qmail(name: str, said: str, hard: bool, *reasons: str) -> None:  # noqa: FBT001
    """Add a report of qmail's."""
    words(f"qmail: {name}", DAEMON, "failure notice", QMAIL.format(said), hard, *reasons)


qmail(
    "vpopmail",
    "Sorry, no mailbox here by that name. vpopmail (#5.1.1)",
    True,
    "userunknown",
)
qmail(
    "remote",
    "203.0.113.9 does not like recipient.\nRemote host said: 550 5.1.1 "
    "<WHO>: Recipient address rejected: User unknown in virtual mailbox table\nGiving up "
    "on 203.0.113.9.",
    True,
    "userunknown",
)
qmail(
    "dns",
    "CNAME lookup failed temporarily. (#4.4.3)\nI'm not going to try again; this "
    "message has been in the queue too long.",
    False,
    "networkerror",
    "expired",
)
qmail(
    "old",
    "Connected to 203.0.113.9 but connection died. (#4.4.2)\nI'm not going to try "
    "again; this message has been in the queue too long.",
    False,
    "networkerror",
    "expired",
)
qmail(
    "rcpthosts",
    "203.0.113.9 does not like recipient.\nRemote host said: 553 sorry, that "
    "domain isn't in my list of allowed rcpthosts (#5.7.1)\nGiving up on 203.0.113.9.",
    False,
    "norelaying",
)
qmail(
    "quota",
    "Recipient's mailbox is full, message returned to sender. (#5.2.2)",
    False,
    "mailboxfull",
)
qmail(
    "spamhaus",
    "Connected to 203.0.113.9 but greeting failed.\nRemote host said: 554 "
    "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    False,
    "blocked",
)

EXIM = (
    """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  WHO
    {}

------ This is a copy of the message, including all the headers. ------
"""
    + COPY
)
EXIM_DAEMON = "Mail Delivery System <Mailer-Daemon@mx.example.jp>"


def exim(name: str, said: str, hard: bool, *reasons: str) -> None:  # noqa: FBT001
    """Add a report of Exim's."""
    subject = "Mail delivery failed: returning message to sender"
    words(f"exim: {name}", EXIM_DAEMON, subject, EXIM.format(said), hard, *reasons)


exim(
    "rcpt",
    "host mx.example.org [203.0.113.9]\n    SMTP error from remote mail server "
    "after RCPT TO:<WHO>:\n    550 No such user here",
    True,
    "userunknown",
)
exim(
    "rcpt with code",
    "host mx.example.org [203.0.113.9]\n    SMTP error from remote mail "
    "server after RCPT TO:<WHO>:\n    550-5.1.1 The email account that you tried to reach "
    "does not exist. Please try\n    550-5.1.1 double-checking the recipient's email "
    "address for typos or\n    550 5.1.1 unnecessary spaces. https://support.example/x",
    True,
    "userunknown",
)
exim(
    "full",
    "host mx.example.org [203.0.113.9]\n    SMTP error from remote mail server "
    "after RCPT TO:<WHO>:\n    552 5.2.2 <WHO>: Mailbox is over quota",
    False,
    "mailboxfull",
)
exim(
    "verify",
    "host mx.example.org [203.0.113.9]\n    SMTP error from remote mail server "
    "after MAIL FROM:<shironeko@example.jp>:\n    550 Sender verify failed",
    False,
    "rejected",
)
exim(
    "spam",
    "host mx.example.org [203.0.113.9]\n    SMTP error from remote mail server "
    "after end of data:\n    554 5.7.1 This message scored 14.2 spam points.",
    False,
    "spamdetected",
)
exim("retry", "retry timeout exceeded", False, "expired")
exim("domain", "all relevant MX records point to non-existent hosts", True, "hostunknown")
exim("local", "Unknown user", False, "filtered")
exim(
    "greylist",
    "host mx.example.org [203.0.113.9]\n    SMTP error from remote mail server "
    "after RCPT TO:<WHO>:\n    451 4.7.1 Greylisting in action, please come back later: "
    "retry timeout exceeded",
    False,
    "expired",
)


words(
    "gmx: no such",
    "GMX Mailer Daemon <mailer-daemon@gmx.net>",
    "Mail delivery failed: returning message to sender",
    "This message was created automatically by mail delivery software.\n\nA message that "
    "you sent could not be delivered to\none or more of its recipients. This is a "
    "permanent error.\n\nThe following address failed:\n\nWHO:\nSMTP error from remote "
    "server for RCPT TO command, host: mx.example.org (203.0.113.9) reason: 550 "
    "Requested action not taken: mailbox unavailable\n\n\n--- The header of the original "
    "message is following. ---\n" + COPY,
    True,
    "userunknown",
)
words(
    "web.de: full",
    "WEB.DE Mailer Daemon <mailer-daemon@web.de>",
    "Mail delivery failed: returning message to sender",
    "This message was created automatically by mail delivery software.\n\nThe following "
    "address failed:\n\nWHO:\nSMTP error from remote server after RCPT TO command\nhost "
    "mx.example.org: 552-Requested mail action aborted: exceeded storage allocation\n552 "
    "Quota exceeded. The recipients mailbox is full.\n\n--- The header of the original "
    "message is following. ---\n" + COPY,
    False,
    "mailboxfull",
)
words(
    "mail.ru: no such",
    "mailer-daemon@corp.mail.ru",
    "Mail failure.",
    "This message was created automatically by mail delivery software.\n\nA message that "
    "you sent could not be delivered to one or more of its recipients. This is a "
    "permanent error.\nThe following address(es) failed:\n\n  WHO\n    SMTP error from "
    "remote mail server after RCPT TO:<WHO>: 550 Message was not accepted -- invalid "
    "mailbox.  Local mailbox WHO is unavailable: user not found\n\n------ This is a copy "
    "of the message, including all the headers. ------\n" + COPY,
    True,
    "userunknown",
)
words(
    "courier: no such",
    '"Courier mail server at mx.example.jp" <@mx.example.jp>',
    "NOTICE: mail delivery status.",
    "This is a delivery status notification from mx.example.jp,\nrunning the Courier mail "
    "server, version 0.65.2.\n\nThe original message was received on Thu, 26 Nov 2020 "
    "12:00:00 +0900\nfrom x (x [192.0.2.1])\n\n"
    "---------------------------------------------------------------------------\n\n"
    "                           UNDELIVERABLE MAIL\n\nYour message to the following "
    "recipients cannot be delivered:\n\n<WHO>:\n    mx.example.org [203.0.113.9]:\n>>> "
    "RCPT TO:<WHO>\n<<< 550 5.1.1 <WHO>... User Unknown\n\n"
    "---------------------------------------------------------------------------\n\n"
    "If your message was also sent to additional recipients, their delivery\nstatus is "
    "not included in this report.\n" + COPY,
    True,
    "userunknown",
)
words(
    "mailenable: no such",
    "Postmaster <postmaster@mx.example.jp>",
    "Message Delivery Failure",
    "Message Delivery Failure.\n\nMailEnable: Message Delivery Failure.\n\nThe following "
    "recipient(s) could not be reached:\n\n        Recipient: [SMTP:WHO]\n        "
    "Reason: The remote mail server told: 550 5.1.1 <WHO>: Recipient address rejected: "
    "User unknown in virtual alias table\n\n\nMessage headers follow:\n" + COPY,
    True,
    "userunknown",
)
words(
    "smartermail: no such",
    "System Administrator <postmaster@mx.example.jp>",
    "Delivery Failure",
    "Could not deliver message to the following recipient(s):\n\nFailed Recipient: WHO\n"
    "Reason: Remote host said: 550 5.1.1 User unknown\n\n   -- The header and top 20 "
    "lines of the message follows --\n" + COPY,
    True,
    "userunknown",
)
words(
    "groupwise: no such",
    "Mailer-Daemon@gwia.example.jp",
    "Message status - undeliverable",
    "The message that you sent was undeliverable to the following:\n    kijitora "
    "(WHO) (550 5.1.1 User unknown)\n\nPossibly truncated original message follows:\n"
    + COPY,
    True,
    "userunknown",
)
words(
    "mdaemon: no such",
    "MDaemon@mx.example.jp",
    "Permanent Delivery Failure",
    "The attached message had PERMANENT fatal delivery errors!\n\nAfter one or more "
    "unsuccessful delivery attempts the attached message has\nbeen removed from the mail "
    "queue on this server.\n\nYOUR MESSAGE WAS NOT DELIVERED TO ONE OR MORE RECIPIENTS!\n\n"
    "Failed address: WHO\n\n--- Session Transcript ---\n Attempting SMTP connection to "
    "[203.0.113.9:25]\n --> RCPT To:<WHO>\n <-- 550 5.1.1 <WHO>: no such user\n--- End "
    "Transcript ---\n" + COPY,
    True,
    "userunknown",
)
words(
    "hmailserver: no such",
    "mailer-daemon@mx.example.jp",
    "Message undeliverable: Nyaan",
    "Your message did not reach some or all of the intended recipients.\n\n   Sent: Thu, "
    "26 Nov 2020 12:00:00 +0900\n   Subject: Nyaan\n\nThe following recipient(s) could not "
    "be reached:\n\nWHO\n   Error Type: SMTP\n   Remote server (203.0.113.9) issued an "
    "error.\n   hMailServer sent: RCPT TO:<WHO>\n   Remote server replied: 550 Unknown "
    "user\n\n\n\nhMailServer\n" + COPY,
    True,
    "userunknown",
)
words(
    "domino: no such",
    "<postmaster@notes.example.jp>",
    "DELIVERY FAILURE: User kijitora (WHO) not listed in Domino Directory",
    "Your message\n\n  Subject: Nyaan\n\nwas not delivered to:\n\n  WHO\n\nbecause:\n\n  "
    "User kijitora (WHO) not listed in Domino Directory\n" + COPY,
    True,
    "userunknown",
)
words(
    "xmail: no such",
    "postmaster@mx.example.jp",
    "Error sending message [1.x] from [mx.example.jp]",
    "[<00>] XMail bounce: Rcpt=[WHO];Error=[550 5.1.1 <WHO>: Recipient address rejected: "
    "User unknown]\n\n\n[<01>] Error sending message [1.x] from [mx.example.jp].\n\nID:   "
    "     <S1>\nMail From: <shironeko@example.jp>\nRcpt To:   <WHO>\nServer:    "
    "<mx.example.org>\n\n\n[<02>] The reason of the delivery failure was:\n\n550 5.1.1 "
    "<WHO>: Recipient address rejected: User unknown\n\n[<05>] Here is listed the initial "
    "part of the message:\n" + COPY,
    True,
    "userunknown",
)
words(
    "merak: full",
    "Mail Delivery Subsystem <postmaster@mx.example.jp>",
    "Undeliverable: Nyaan",
    "Your message was not delivered to the following recipients:\n\nWHO: 552 5.2.2 "
    "Mailbox size limit exceeded\n" + COPY,
    False,
    "mailboxfull",
)


def _read() -> None:
    """Add what stands in the table beside this file."""
    table = Path(__file__).with_name("mtas.txt").read_text(encoding="utf-8")
    for line in table.splitlines():
        if line.startswith("#"):
            continue
        name, sender, status, hard, action, reasons, said = line.split(" | ")
        right = () if reasons == "-" else tuple(reasons.split(","))
        standard(name, sender, status, said, hard == "hard", *right, action=action)


_read()
