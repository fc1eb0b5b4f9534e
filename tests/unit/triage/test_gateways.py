"""Reports of gateways and old systems: whom they name, and what only looks like one."""

import pytest
from samples.samples import knowledge

from mailer.model.notice import AutoReply, Bounce, Human, Report
from mailer.triage.sort import sort

_HEAD = "To: list-bounces@ours.test\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n"

_EXCHANGE = """From: System Administrator <postmaster@relay.test>
Subject: Undeliverable: News

Your message

  To:      list@ours.test
  Subject: News

did not reach the following recipient(s):

{who} on Thu, 1 Jan 2026 17:12:28 -0400
    The recipient name is not recognized
    MSEXCH:IMS:RELAY:Site:HOST 0 (000C05A6) Unknown Recipient
"""

REPORTS = {
    "whom it was for stands above, who failed below": _EXCHANGE.format(who="eva@gone.test"),
    "an address as X.400 writes it": _EXCHANGE.format(
        who="c=US;a= ;p=GONE;o=Site;dda:SMTP=eva@gone.test;"
    ),
    "a daemon with a subject of its own": """From: MAILER-DAEMON@relay.test
Subject: Processing Error

Intended recipient: eva@gone.test

The following mail could not be processed.

--------RETURNED MAIL FOLLOWS--------

Hello
""",
    "a service that is called by its trade": """From: R20_SMTP_Mail_Service@relay.test
Subject: Returned Mail - Error During Delivery

------ Failed Recipients ------

<eva@gone.test>: Requested action not taken: mailbox unavailable. [SMTP Error Code 550]
-------- Returned Mail --------

MIME-Version: 1.0
Subject: News
From: list-bounces@ours.test
To: eva@gone.test
Message-ID: <1@ours.test>
""",
    "a warning that is none": """From: MDaemon@relay.test
Subject: Warning: eva@gone.test - User unknown!

eva@gone.test - no such user here.

There is no user by that name at this server.
""",
    "a rejection that calls itself a receipt": """From: Mail System <x@relay.test>
Subject: Automatically rejected mail
Auto-Submitted: auto-replied (rejected)
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary=b

--b

Your message to <eva@gone.test> was automatically rejected:
Quota exceeded
--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822; eva@gone.test
Disposition: automatic-action/MDN-sent-automatically; deleted

--b--
""",
    "a report within a report": """From: postmaster@relay.test
Subject: Delivery Status Notification (Failure)
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=o

--o
Content-Type: message/rfc822

From: postmaster@relay.test
Subject: Delivery Status Notification (Failure)
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=i

--i
Content-Type: message/delivery-status

Reporting-MTA: dns;relay.test

Final-Recipient: rfc822;eva@gone.test
Action: failed
Status: 5.1.1

--i--

--o--
""",
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_gateways_report_names_who_failed(name: str) -> None:
    notice = sort((_HEAD + REPORTS[name]).encode(), knowledge())
    assert isinstance(notice, Bounce)
    assert [one.address for one in notice.recipients] == ["eva@gone.test"]


def test_a_letter_that_will_be_tried_again_is_no_bounce() -> None:
    raw = f"""{_HEAD}From: Mail_Gateway@relay.test
Return-Path: <>
Subject: Mail Delivery Warning

Delivery of email to this address
"eva@gone.test"
has been postponed due to a full mailbox.
We will continue to try to deliver your message over the next few days.

Received: from ours.test by relay.test; Thu, 1 Jan 2026 00:00:00 +0000
Message-ID: <1@ours.test>
From: list@ours.test
To: eva@gone.test
"""
    notice = sort(raw.encode(), knowledge())
    assert isinstance(notice, Report)


def test_a_person_who_forwards_a_report_as_a_message_is_a_person() -> None:
    raw = _HEAD + REPORTS["a report within a report"].replace(
        "From: postmaster@relay.test", "From: Eva <eva@example.net>", 1
    )
    assert isinstance(sort(raw.encode(), knowledge()), Human)


def test_a_daemon_that_answers_for_somebody_away_is_no_bounce() -> None:
    raw = f"""{_HEAD}From: MAILER-DAEMON@relay.test
Auto-Submitted: auto-replied
Subject: Out of office: News

I am away until 4 January 2026. In urgent cases write to office@relay.test.
"""
    assert isinstance(sort(raw.encode(), knowledge()), AutoReply)
