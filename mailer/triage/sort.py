"""What an incoming message is: each reader is asked in turn, the most certain first.

A report with a part that machines can read goes before words, what a provider says before
what a person seems to say, and whoever can't be told from a person is one.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from mailer.model.notice import (
    Action,
    AutoReply,
    Bounce,
    Challenge,
    Clues,
    Complaint,
    Concerned,
    Human,
    Notice,
    OwnLetter,
    Reason,
    Report,
    Spam,
    Unsubscribe,
)
from mailer.triage.acknowledging import without_answers
from mailer.triage.answers import back_on, is_automatic, own_words
from mailer.triage.finding import Reading
from mailer.triage.formats import ANYONE, Format
from mailer.triage.judging import concerned
from mailer.triage.knowledge import Knowledge
from mailer.triage.message import Message, open_message
from mailer.triage.phrasebook import normal
from mailer.triage.readers.complaints import read_complaint
from mailer.triage.readers.delivery_status import read_delivery_status
from mailer.triage.readers.receipts import read_receipt
from mailer.triage.readers.ses_notice import read_ses_notice
from mailer.triage.readers.written import ANSWER, is_late, read_written
from mailer.triage.signs import Signs

_ID = re.compile(r"<([^<>\s]{3,250})>")
_REPLY = re.compile(r"(?:re|aw|sv|vs|antw|rv|odp)\s*:\s*")
_DAEMON = re.compile(r"mailer-?daemon@|mdaemon@", re.IGNORECASE)
_IDS_AT_MOST = 20
_WORDS_OF_AN_UNSUBSCRIBER = 700


def _nobody(message_id: str) -> bool:
    del message_id
    return False


def sort(raw: bytes, knowledge: Knowledge, ours: Callable[[str], bool] = _nobody) -> Notice:
    """Say what an incoming message is. No bytes are an error.

    Args:
        ours: Says whether a Message-ID (without brackets) is one that we signed.
    """
    message = open_message(raw)
    clues = _clues(message)
    own_id = _ID.search(message.part.get("message-id"))
    if own_id is not None and ours(own_id[1]):
        clues = replace(clues, message_ids=(own_id[1], *clues.message_ids))
        return OwnLetter((), "its Message-ID is one that we signed", clues)
    return (
        _complaint(message, knowledge, clues)
        or _report(message, knowledge, clues)
        or _answer(message, knowledge.signs, clues)
    )


def _complaint(message: Message, knowledge: Knowledge, clues: Clues) -> Notice | None:
    found = read_complaint(message)
    if found is not None:
        reading, feedback = found
        return Complaint(_concerned(reading, knowledge), reading.because, feedback, clues)
    notified = read_ses_notice(message)
    if notified is None:
        return None
    reading, kind = notified
    people, clues = _concerned(reading, knowledge), _with(clues, reading)
    if kind == "complaint":
        return Complaint(people, reading.because, "abuse", clues)
    if kind == "report":
        return Report(people, reading.because, clues)
    return Bounce(people, reading.because, clues)


def _report(message: Message, knowledge: Knowledge, clues: Clues) -> Notice | None:
    receipt = read_receipt(message)
    reading = receipt or read_delivery_status(message)
    if receipt is not None and not receipt.findings:
        return Report((), receipt.because, clues)
    if reading is not None:
        reading = _in_its_way(reading, _format(message, knowledge))
    elif _looks_like_a_report(message, knowledge.signs):
        reading = read_written(message, _format(message, knowledge), knowledge.signs)
        if reading is None:
            return _about_nobody(message, knowledge.signs, clues)
    if reading is None:
        return None
    people, clues = _concerned(reading, knowledge), _with(clues, reading)
    if any(one.action is Action.FAILED for one in people):
        return Bounce(people, reading.because, clues)
    return Report(people, reading.because, clues)


def _about_nobody(message: Message, signs: Signs, clues: Clues) -> Notice | None:
    """Judge a mail system's report in which no recipient could be found."""
    if not (message.daemon and (message.from_nobody or message.copy_marked)):
        return None
    why = "a mail system's report that names nobody"
    if is_late(message, signs):
        return Report((), why, clues)
    return Bounce((), why, clues)


def _looks_like_a_report(message: Message, signs: Signs) -> bool:
    """Say whether a mail system reports in words; people quote and forward such words."""
    if message.part.has("x-failed-recipients"):
        return message.daemon or message.from_nobody
    brings_back = message.returned is not None
    if _DAEMON.match(message.sender) and (brings_back or message.copy_marked):
        return True  # Nobody is called that, and whoever is on leave brings nothing back.
    if not (message.daemon or message.from_machine or message.from_nobody):
        return False
    return _says_so(message, signs, brings_back=brings_back)


def _says_so(message: Message, signs: Signs, *, brings_back: bool) -> bool:
    """Say whether the words of a machine's message are those of a report."""
    subject = normal(message.subject)
    named = message.sender and "daemon" not in message.sender.lower()
    if named and _REPLY.match(subject) and not message.from_nobody:
        return False  # Postmasters are people too: reports answer nobody.
    by_subject = signs.bounce_subjects.stand_in(subject)
    by_text = signs.bounce_texts.stand_in(normal(message.said[:6000]))
    if message.daemon:
        # A letter brought back with a server's answer speaks any language.
        answered = message.from_nobody and brings_back and ANSWER.search(message.said)
        return by_subject or by_text or bool(answered)
    if message.from_nobody:
        return brings_back and (by_subject or by_text)
    return brings_back and by_subject and by_text


def _in_its_way(reading: Reading, form: Format) -> Reading:
    """Add what is known about the system that wrote a standard report."""
    if form is ANYONE:
        return reading
    return replace(
        reading,
        findings=tuple(
            replace(
                one,
                after=one.after or form.after,
                reason=one.reason or form.reason(one.said),
            )
            for one in reading.findings
        ),
    )


def _format(message: Message, knowledge: Knowledge) -> Format:
    """Return the mail system whose words these are."""
    fields = (
        "from", "subject", "x-mailer", "x-failed-recipients", "x-nai-header", "x-ahmailid",
        "x-mlserver", "x-ml-name", "message-id",
    )  # fmt: skip
    names = [
        f"{name}: {message.part.words(name)}" for name in fields if message.part.has(name)
    ]
    reporters = [part.text()[:300] for part in message.statuses[:1]]
    seen = normal("\n".join([*names, *reporters, message.said[:3000]]))
    return knowledge.format_of(seen)


def _concerned(reading: Reading, knowledge: Knowledge) -> tuple[Concerned, ...]:
    return tuple(concerned(finding, knowledge) for finding in reading.findings)


def _clues(message: Message) -> Clues:
    returned = message.returned
    values = [message.part.get("in-reply-to"), message.part.get("references")]
    if returned is not None:
        values = [returned.get("message-id"), *values]
    found = [match[1] for value in values for match in _ID.finditer(value)]
    return Clues(message.addressed_to, "", tuple(dict.fromkeys(found))[:_IDS_AT_MOST], ())


def _with(clues: Clues, reading: Reading) -> Clues:
    return Clues(
        clues.addressed_to,
        reading.envelope_id.strip(),
        clues.message_ids,
        reading.relay_ids,
    )


def _answer(message: Message, signs: Signs, clues: Clues) -> Notice:
    """Tell machines that answer from people."""
    subject = normal(message.subject)
    words = own_words(message)
    who = (
        (Concerned(message.sender, hard=False, reason=Reason.UNDEFINED),)
        if message.sender
        else ()
    )
    listed = any(
        message.part.has(name) for name in ("list-unsubscribe", "list-id", "list-post")
    )
    if not listed and _bare(subject) in signs.unsubscribe_subjects:
        return Unsubscribe(who, "its subject asks for it", clues=clues)
    small = normal(words[:4000])
    if not listed and _challenges(subject, small, message, signs):
        return Challenge(who, "it asks us to prove that we are a person", clues)
    why = is_automatic(message, by_subject=_answers_by_subject(message, subject, signs))
    if why:
        return AutoReply(_away(message), why, back_on(message), clues)
    if not listed and _wants_out(small, signs):
        return Unsubscribe(who, "its own words ask for it", clues=clues)
    if message.part.get("x-spam-flag").strip().lower() == "yes":
        return Spam(who, "a filter before us marked it (X-Spam-Flag)", clues)
    return Human(who, "nothing shows that a machine wrote it", clues)


def _answers_by_subject(message: Message, subject: str, signs: Signs) -> bool:
    if message.from_nobody and signs.auto_reply_subjects.stand_in(subject):
        return True
    return without_answers(subject).startswith(signs.auto_reply_begins)


def _away(message: Message) -> tuple[Concerned, ...]:
    if not message.sender:
        return ()
    return (Concerned(message.sender, hard=False, reason=Reason.VACATION),)


def _bare(subject: str) -> str:
    while (
        cut := re.sub(r"^(?:re|fwd?|aw|wg|sv|vs|antw|rv|odp)\s*:\s*", "", subject)
    ) != subject:
        subject = cut
    return subject.strip(" .!?\"'-:[]()")


def _challenges(subject: str, words: str, message: Message, signs: Signs) -> bool:
    by_subject = signs.challenge_subjects.stand_in(subject)
    by_text = signs.challenge_texts.stand_in(words)
    automatic = bool(is_automatic(message, by_subject=False))
    return (by_subject and by_text) or (automatic and (by_subject or by_text))


def _wants_out(words: str, signs: Signs) -> bool:
    if not words or len(words) > _WORDS_OF_AN_UNSUBSCRIBER:
        return False
    return signs.unsubscribe_texts.stand_in(
        words
    ) and not signs.unsubscribe_unless.stand_in(words)
