"""Reports in words, in formats that no reader was made for."""

import pytest
from samples.samples import knowledge

from mailer.model.notice import Bounce, Human
from mailer.triage.sort import sort

_DAEMON = "From: MAILER-DAEMON@relay.test\nTo: us@ours.test\nReturn-Path: <>\n"
_COPY = """
Received: from ours.test by relay.test; Thu, 1 Jan 2026 00:00:00 +0000
Message-ID: <1@ours.test>
From: us@ours.test
To: anna@gone.test
Subject: Hello

Hello
"""

REPORTS = {
    "an indented Message-ID is nobody's address": """Subject: Undelivered Mail

The message WAS NOT relayed to:
  <anna@gone.test>: [192.0.2.1] said:
   550 5.1.1 <anna@gone.test>: Recipient address rejected: User unknown

Message-ID:
  <x.0.0@ours.test>
""",
    "a label before the address": """Subject: Delivery has failed

This report relates to a message you sent:

  To: list@ours.test

Your message cannot be delivered to:

  Recipient address: anna@gone.test
  Diagnostic code: smtp; 550 5.1.1 User Unknown
""",
    "a label and brackets": """Subject: Message Delivery Failure

Recipient: [SMTP:anna@gone.test]
Reason: Remote SMTP Server Returned: 550 5.1.1 User unknown
""",
    "a warning of what is final": """Subject: Warning: anna@gone.test - User unknown!

The attached message had PERMANENT fatal delivery errors!

anna@gone.test - 550 5.1.1 no such user here
""",
    "a language that nobody listed": f"""Subject: Ilmoitus

Viesti palautetaan:

<anna@gone.test>: 550 5.1.1 unknown user
{_COPY}""",
    "an address beside a server's answer": """Subject: Undelivered mail

Help: help@relay.test

SMTP error from [192.0.2.1]: 550 5.1.1 anna@gone.test user unknown
""",
    "the letter's recipient, where the report names none": f"""Subject: failure notice

550 5.1.1 User unknown
{_COPY}""",
}


@pytest.mark.parametrize("text", REPORTS.values(), ids=list(REPORTS))
def test_a_report_in_an_unknown_format_names_whom_it_failed_for(text: str):
    notice = sort((_DAEMON + text).encode(), knowledge())
    assert isinstance(notice, Bounce)
    assert [(one.address, one.hard) for one in notice.recipients] == [
        ("anna@gone.test", True)
    ]


def test_a_postmaster_who_answers_is_a_person():
    raw = b"""From: Postmaster <postmaster@shop.test>
To: us@ours.test
Subject: Re: your question

Hello, their server said 550 5.1.1 user unknown.

-----Original Message-----
From: us@ours.test
To: postmaster@shop.test
Subject: your question
"""
    assert isinstance(sort(raw, knowledge()), Human)
