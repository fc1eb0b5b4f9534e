"""Reports in the words of mail systems of which there is no sample, made up from memory.

Each says whom it must name, and whether that one is gone.
"""

HEAD = "From: {sender}\nTo: shironeko@example.jp\nSubject: {subject}\nReturn-Path: <>\n\n"
COPY = "\n\nReturn-Path: <shironeko@example.jp>\nReceived: by x\nMessage-ID: <1@example.jp>\nFrom: shironeko@example.jp\nTo: kijitora@example.org\nSubject: Nyaan\n\nNyaan\n"

WORDS: dict[str, tuple[str, tuple[str, bool]]] = {}


def add(name: str, sender: str, subject: str, body: str, want: tuple[str, bool]) -> None:
    """Add a report."""
    WORDS[name] = (HEAD.format(sender=sender, subject=subject) + body, want)


add(
    "james",
    "postmaster@mx.example.jp",
    "[BOUNCE]",
    """Hi. This is the James mail server at mx.example.jp.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.  Below
I include the list of recipients and the reason why I was unable to deliver
your message.

Failed recipient(s):
kijitora@example.org

Error message:
550 5.1.1 <kijitora@example.org>... User Unknown

Message details:
  Subject: Nyaaan
  MAIL FROM: shironeko@example.jp
  RCPT TO: kijitora@example.org
  From: Neko <shironeko@example.jp>
  To: kijitora@example.org
""",
    ("kijitora@example.org", True),
)
add(
    "imail unknown user",
    '"Postmaster" <postmaster@example.co.jp>',
    "Undeliverable Mail",
    "Unknown user: kijitora@example.org\n\nOriginal message follows.\n" + COPY,
    ("kijitora@example.org", True),
)
add(
    "imail unknown host",
    '"Postmaster" <postmaster@example.co.jp>',
    "Undeliverable Mail",
    "Unknown host: kijitora@example.org\n\nOriginal message follows.\n" + COPY,
    ("kijitora@example.org", True),
)
add(
    "imail undeliverable",
    '"Postmaster" <postmaster@example.co.jp>',
    "Undeliverable Mail",
    "undeliverable to kijitora@example.org\n\nOriginal message follows.\n" + COPY,
    ("kijitora@example.org", False),
)
add(
    "imail failed",
    '"Postmaster" <postmaster@example.co.jp>',
    "Undeliverable Mail",
    "Delivery failed 20 attempts: kijitora@example.org\n\nOriginal message follows.\n"
    + COPY,
    ("kijitora@example.org", False),
)
add(
    "interscan",
    "InterScan MSS <MAILER-DAEMON@example.org>",
    "Mail could not be delivered",
    """****** Message from InterScan Messaging Security Suite ******

Sent >>> RCPT TO:<kijitora@example.org>
Received <<< 550 5.1.1 <kijitora@example.org>... User Unknown
Unable to deliver message to <kijitora@example.org>

************************     End of message     **********************
""",
    ("kijitora@example.org", True),
)
add(
    "mailmarshal",
    "postmaster@relay.example.org",
    "Undeliverable: Nyaan",
    """Your message:
   From:    shironeko@example.jp
   Subject: IN THE MIDDLE

Could not be delivered because of

550 5.1.1 User unknown

The following recipients were affected: 
    kijitora@example.org

Additional Information
======================
Original Sender:    <shironeko@example.jp>
Sender-MTA:         <10.11.12.13>
Remote-MTA:         <10.0.0.1>
Reporting-MTA:      <relay.example.com>
MessageName:        <B549996730000.000000000001.0003.mml>
Last-Attempt-Date:  <16:21:07 seg, 22 Dezembro 2014>
""",
    ("kijitora@example.org", True),
)
add(
    "messagelabs",
    "MAILER-DAEMON@messagelabs.com",
    "Mail Delivery Failure",
    """This is the mail delivery agent at messagelabs.com.
I was unable to deliver your message to the following addresses:

kijitora@example.org

Reason: 550 5.1.1 <kijitora@example.org>... User Unknown

The message subject was: Re: BOAS FESTAS!
The message date was: Tue, 23 Dec 2014 20:39:24 +0000
The message identifier was: DB/3F-17375-60D39495
The message reference was: server-5.tower-143.messagelabs.com!1419367172!32=691968!1

Please do not reply to this email as it is sent from an unattended mailbox.
Please visit www.messagelabs.com/support for more details
about this error message and instructions to resolve this issue.
""",
    ("kijitora@example.org", True),
)
add(
    "mfilter rcpt",
    "postmaster <postmaster@example.co.jp>",
    "failure notice",
    """kijitora@example.org
-------server message
550 5.1.1 unknown user <kijitora@example.org>
-------SMTP command
RCPT TO:<kijitora@example.org>
-------original message
"""
    + COPY,
    ("kijitora@example.org", True),
)
add(
    "mfilter data",
    "postmaster <postmaster@example.co.jp>",
    "failure notice",
    """kijitora@example.org
-------server message
550 Unknown user kijitora@example.org
-------SMTP command
DATA
-------original message
"""
    + COPY,
    ("kijitora@example.org", False),
)
add(
    "x4",
    "MAILER-DAEMON@x4.example.jp",
    "failure notice",
    """We're sorry.
I'm afraid I wasn't able to deliver your message to the following addresses.

<kijitora@example.org>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 <kijitora@example.org>... User unknown
Giving up on 192.0.2.1.

--- Below this line is the original bounce.
"""
    + COPY,
    ("kijitora@example.org", True),
)
add(
    "qmail sender",
    "MAILER-DAEMON@x4.example.jp",
    "failure notice",
    """Hi. This is the qmail-send program at x4.example.jp.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<kijitora@example.org>:
Connected to 192.0.2.1 but sender was rejected.
Remote host said: 553 5.1.8 <shironeko@example.jp>... Domain of sender address does not exist

--- Below this line is a copy of the message.
"""
    + COPY,
    ("kijitora@example.org", False),
)
add(
    "qmail host",
    "MAILER-DAEMON@x4.example.jp",
    "failure notice",
    """Hi. This is the qmail-send program at x4.example.jp.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<kijitora@example.org>:
Sorry, I couldn't find any host named example.org. (#5.1.2)

--- Below this line is a copy of the message.
"""
    + COPY,
    ("kijitora@example.org", True),
)
add(
    "qmail after content",
    "MAILER-DAEMON@x4.example.jp",
    "failure notice",
    """Hi. This is the qmail-send program at x4.example.jp.
<kijitora@example.org>:
192.0.2.1 failed after I sent the message.
Remote host said: 550 Unknown user kijitora@example.org

--- Below this line is a copy of the message.
"""
    + COPY,
    ("kijitora@example.org", False),
)
add(
    "qmail yahoo",
    "MAILER-DAEMON@x4.example.jp",
    "failure notice",
    """Hi. This is the qmail-send program at x4.example.jp.
<kijitora@yahoo.example.org>:
192.0.2.1 failed after I sent the message.
Remote host said: 554 delivery error: dd This user doesn't have a yahoo.example.org account (kijitora@yahoo.example.org) [0] - mta1.

--- Below this line is a copy of the message.
"""
    + COPY,
    ("kijitora@yahoo.example.org", True),
)
add(
    "v5 sendmail",
    "Mail Delivery Subsystem <MAILER-DAEMON@example.com>",
    "Returned mail: User unknown",
    """   ----- Transcript of session follows -----
While talking to smtp.example.com:
>>> RCPT To:<kijitora@example.org>
<<< 550 <kijitora@example.org>, User Unknown
550 <kijitora@example.org>... User unknown
421 example.org (smtp)... Deferred: Connection timed out during user open with example.org

   ----- Unsent message follows -----
"""
    + COPY.lstrip(),
    ("kijitora@example.org", True),
)
add(
    "v5 deferred",
    "Mail Delivery Subsystem <MAILER-DAEMON@example.com>",
    "Returned mail: Cannot send message for 5 days",
    """   ----- Transcript of session follows -----
421 example.org (smtp)... Deferred: Connection timed out during user open with example.org

   ----- Unsent message follows -----
"""
    + COPY.lstrip(),
    ("kijitora@example.org", False),
)
add(
    "yahoo",
    "MAILER-DAEMON@yahoo.example.com",
    "Failure Notice",
    """Sorry, we were unable to deliver your message to the following address.

<kijitora@example.org>:
Remote host said: 550 5.1.1 <kijitora@example.org>... User Unknown [RCPT_TO]

--- Below this line is a copy of the message.
"""
    + COPY,
    ("kijitora@example.org", True),
)
add(
    "zoho",
    "mailer-daemon@mail.zoho.com",
    "Undelivered Mail Returned to Sender",
    """This message was created automatically by mail delivery software.
A message that you sent could not be delivered to one or more of its recipients. This is a permanent error. 

kijitora@example.org Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <kijitora@example.org>... User Unknown

"""
    + COPY,
    ("kijitora@example.org", True),
)
add(
    "gmail 14",
    "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
    "Delivery Status Notification (Failure)",
    """Delivery to the following recipient failed permanently:

     kijitora@example.org

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected by the recipient domain. We recommend contacting the other email provider for further information about the cause of this error. The error that the other server returned was: 550 550 Unknown user kijitora@example.org (state 14).

----- Original message -----
"""
    + COPY,
    ("kijitora@example.org", True),
)
add(
    "gmail 18",
    "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
    "Delivery Status Notification (Failure)",
    """Delivery to the following recipient failed permanently:

     kijitora@example.org

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected by the recipient domain. The error that the other server returned was: 550 550 Unknown user kijitora@example.org (state 18).

----- Original message -----
"""
    + COPY,
    ("kijitora@example.org", False),
)
add(
    "gmail domain",
    "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
    "Delivery Status Notification (Failure)",
    """Delivery to the following recipient failed permanently:

     kijitora@example.org

Technical details of permanent failure:
DNS Error: Domain name not found

----- Original message -----
"""
    + COPY,
    ("kijitora@example.org", True),
)
add(
    "exim unrouteable",
    "Mail Delivery System <Mailer-Daemon@mx.example.jp>",
    "Mail delivery failed: returning message to sender",
    """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  kijitora@example.org
    Unrouteable address
  mikeneko@example.org
    retry timeout exceeded

------ This is a copy of the message, including all the headers. ------
"""
    + COPY,
    ("kijitora@example.org", True),
)
add(
    "exim delay",
    "Mail Delivery System <Mailer-Daemon@mx.example.jp>",
    "Warning: message 1abc delayed 24 hours",
    """This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.example.jp.

The message identifier is:     1abc
The subject of the message is: Nyaan
The date of the message is:    Thu

The address to which the message has not yet been delivered is:

  kijitora@example.org
    Delay reason: SMTP error from remote mail server after RCPT TO:<kijitora@example.org>:
    450 4.2.0 greylisted

No action is required on your part. Delivery attempts will continue for
some time.
""",
    ("kijitora@example.org", False),
)
add(
    "exim old",
    "Mail Delivery System <Mailer-Daemon@mx.example.jp>",
    "Mail delivery failed: returning message to sender",
    """This message was created automatically by mail delivery software (Exim).

The following address(es) failed:

  kijitora@example.org:
    unknown local-part "kijitora" in domain "example.org"

------ This is a copy of the message, including all the headers. ------
"""
    + COPY,
    ("kijitora@example.org", False),
)
add(
    "exchange 2007 fr",
    "Microsoft Exchange <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.jp>",
    "Non remis : Nyaan",
    """Échec de la remise à ces destinataires ou listes de distribution :

kijitora@example.org<mailto:kijitora@example.org>
L'adresse de messagerie que vous avez entrée est introuvable.

Informations de diagnostic pour les administrateurs :

Serveur de génération : mx.example.jp

kijitora@example.org
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##

En-têtes de message d'origine :

Received: from x
Message-ID: <1@example.jp>
From: shironeko@example.jp
To: kijitora@example.org
""",
    ("kijitora@example.org", True),
)
add(
    "exchange 2003 full",
    "System Administrator <postmaster@example.org>",
    "Undeliverable: Nyaan",
    """Your message

  To:      kijitora@example.org
  Subject: Nyaan
  Sent:    Thu, 29 Apr 2010 18:00:00 +0000

did not reach the following recipient(s):

kijitora@example.org on Thu, 29 Apr 2010 18:00:00 +0000
    The recipient's mailbox is full
    MSEXCH:IMS:X:Y:Z 3552 (000B09AA) 552 Mailbox full
""",
    ("kijitora@example.org", False),
)
add(
    "opensmtpd",
    "Mailer Daemon <MAILER-DAEMON@example.co.jp>",
    "Delivery status notification: error",
    """    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

kijitora@example.org: 550 5.1.1 <kijitora@example.org>... User Unknown

    Below is a copy of the original message:

"""
    + COPY.lstrip(),
    ("kijitora@example.org", True),
)
add(
    "opensmtpd reject",
    "Mailer Daemon <MAILER-DAEMON@example.co.jp>",
    "Delivery status notification: error",
    """kijitora@example.org: Destination seem to reject all mails

    Below is a copy of the original message:

"""
    + COPY.lstrip(),
    ("kijitora@example.org", True),
)
add(
    "dragonfly",
    "MAILER-DAEMON <>",
    "Mail delivery failed",
    """This is the DragonFly Mail Agent v0.13 at df.example.jp.

There was an error delivering your mail to <kijitora@example.org>.

mx.example.org [192.0.2.1] did not like our RCPT TO:
550 5.1.1 <kijitora@example.org>: Recipient address rejected: User unknown

Message headers follow.

"""
    + COPY.lstrip(),
    ("kijitora@example.org", True),
)
add(
    "dragonfly host",
    "MAILER-DAEMON <>",
    "Mail delivery failed",
    """This is the DragonFly Mail Agent v0.13 at df.example.jp.

There was an error delivering your mail to <kijitora@example.org>.

DNS lookup failure: host example.org not found

Message headers follow.

"""
    + COPY.lstrip(),
    ("kijitora@example.org", True),
)
add(
    "notes",
    "POSTMASTER@smtp.example.com",
    "Undeliverable message",
    """------- Failure Reasons  --------

User not listed in public Name & Address Book
kijitora@example.org

------- Returned Message --------
"""
    + COPY.lstrip(),
    ("kijitora@example.org", True),
)
add(
    "verizon",
    "post_master@vtext.com",
    "Undeliverable Message",
    """   ----- The following addresses had permanent fatal errors -----
Error: Requested action not taken: no such user here
kijitora@vtext.com
  RCPT TO: 
""",
    ("kijitora@vtext.com", True),
)
add(
    "kddi host",
    "no-reply@dion.ne.jp",
    "Mail",
    """Your mail sent on: Thu, 29 Apr 2010 11:04:47 +0900
     Could not be delivered to: <kijitora@example.org>
     As the remote domain doesnt exist.
"""
    + COPY,
    ("kijitora@example.org", True),
)
add(
    "ezweb none",
    "<Postmaster@ezweb.ne.jp>",
    "Mail System Error - Returned Mail",
    """The user(s) account is temporarily over quota.

<kijitora@ezweb.ne.jp>
"""
    + COPY,
    ("kijitora@ezweb.ne.jp", False),
)
add(
    "aol text",
    "MAILER-DAEMON@aol.example",
    "Mail Delivery Problem",
    """Your mail is not delivered to the following recipients:

<kijitora@aol.example>: host mailin.aol.example[192.0.2.1] said: 550 5.1.1 <kijitora@aol.example>: Recipient address rejected: aol.example (in reply to RCPT TO command)
"""
    + COPY,
    ("kijitora@aol.example", True),
)
add(
    "groupwise",
    "Mail Delivery <postmaster@example.org>",
    "Message status - undeliverable",
    """The message that you sent was undeliverable to the following:

	kijitora@example.org (user not found)
"""
    + COPY,
    ("kijitora@example.org", False),
)
add(
    "surf",
    "MAILER-DAEMON@example.org",
    "Nyaan",
    """Your message could not be sent.
A transcript of the attempts to send the message follows.
The number of attempts made: 1
Addressed To: kijitora@example.org

Thu 29 Apr 2010 23:34:45 +0900
Failed to send to identified host,
kijitora@example.org: [192.0.2.5], 550 5.1.1 User unknown
--- Message non-deliverable.
"""
    + COPY,
    ("kijitora@example.org", True),
)
add(
    "german t-online",
    "Mail Delivery System <mailer-daemon@t-online.example>",
    "Unzustellbare Nachricht",
    """Ihre Nachricht konnte nicht zugestellt werden.

|------------------------- Message log follows: -------------------------|
 no valid recipients were found for this message
|------------------------- Failed addresses follow: ---------------------|
 <kijitora@example.org> ... unknown user
|------------------------- Message text follows: ------------------------|
"""
    + COPY.lstrip(),
    ("kijitora@example.org", False),
)
