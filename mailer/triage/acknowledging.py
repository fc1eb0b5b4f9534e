"""Whether a message gets our automatic first answer, and which rule says no.

A person's gets one; a machine's never does, because its answer to ours would be answered
too, for ever. Each rule has the number that `docs/support.md` lists it by.

Sources: RFC 3834 §2 and §5, RFC 5230 §4, RFC 8601 (Authentication-Results).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailer.triage.addresses import mailbox, mailboxes
from mailer.triage.attribution import RETURN_PATH
from mailer.triage.authentication import is_forged
from mailer.triage.manners import Manners
from mailer.triage.message import Message
from mailer.triage.phrasebook import normal

_BULK = frozenset(
    {"bulk", "list", "junk", "auto_reply", "auto-reply", "autoreply", "auto_generated"}
)
_REPORTS = frozenset(
    {
        "multipart/report", "message/disposition-notification", "message/feedback-report",
        "message/delivery-status", "message/global-delivery-status",
        "message/global-disposition-notification",
    }
)  # fmt: skip
_ASKS_FOR_SILENCE = frozenset({"all", "autoreply", "oof"})
_MEANS_NOTHING = frozenset({"", "no", "none", "false", "0"})
_ANSWER = re.compile(
    r"(?:re|aw|sv|vs|antw|rv|odp|ynt|res|r|fwd?|wg|tr|vb|i|doorst|enc|pd|回复|转发|答复|返信)"
    r"(?:\[\d{1,3}\])?\s*[:\uff1a]\s*"
)
_TAG = re.compile(r"\[[^\]]{0,60}\]")
_NUMBERS = re.compile(r"[\d#]+")


@dataclass(frozen=True, slots=True)
class Silence:
    """Why a message is not acknowledged.

    Args:
        rule: 1 to 15.
        why: In words, for the ticket.
    """

    rule: int
    why: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a message beside its own text.

    Args:
        mail_from: The envelope's sender; "" is the null path, None is unknown.
        ours: All addresses of ours, in small letters: mailboxes, aliases, lists' senders.
        our_domains: Domains of our return paths, in small letters.
        signed_by_us: Says whether a Message-ID (without brackets) is ours.
        our_servers: By what names our own mail server signs what it found out about a
            sender (the authserv-id of RFC 8601 §2.2), in small letters.
        continues: It belongs to a conversation that is known.
        said_before: Its sender wrote just this within the last hour.
        must_name_us: One of `ours` has to stand in To or Cc.
    """

    mail_from: str | None
    ours: frozenset[str]
    our_domains: frozenset[str]
    signed_by_us: Callable[[str], bool]
    our_servers: frozenset[str] = frozenset()
    continues: bool = False
    said_before: bool = False
    must_name_us: bool = True


def silence(
    message: Message, arrival: Arrival, manners: Manners, *, spam: bool = False
) -> Silence | None:
    """Return the first rule that forbids an acknowledgement, or None: the person gets one.

    Rule 13, the quotas, needs what went out lately: see `quotas.over`.
    """
    for rule, ask in _RULES:
        if why := ask(message, arrival, manners):
            return Silence(rule, why)
    if spam:
        return Silence(11, "it is spam")
    return None


def _return_path(message: Message, arrival: Arrival) -> str | None:
    """Return the address in the envelope, "" for the null path, None when unknown."""
    if arrival.mail_from is not None:
        return arrival.mail_from.strip().strip("<>")
    fields = message.part.all("return-path")
    return fields[0].strip().strip("<>") if fields else None


def _from_nobody(message: Message, arrival: Arrival, manners: Manners) -> str:
    del manners
    path = _return_path(message, arrival)
    gone = path in {"", "MAILER-DAEMON"} or not message.sender
    return "nobody would get it: its return path is empty" if gone else ""


def _auto_submitted(message: Message, arrival: Arrival, manners: Manners) -> str:
    del arrival, manners
    for value in message.part.all("auto-submitted"):
        keyword = value.partition(";")[0].partition("(")[0].strip().lower()
        if keyword not in {"", "no"}:
            return f"its Auto-Submitted says {keyword[:40]}"
    return ""


def _bulk(message: Message, arrival: Arrival, manners: Manners) -> str:
    del arrival, manners
    for name in ("precedence", "x-precedence"):
        for value in message.part.all(name):
            first = value.strip().lower().split()
            if first and first[0].strip(";,") in _BULK:
                return f"its {name.title()} says {first[0]}"
    return ""


def _to_a_list(message: Message, arrival: Arrival, manners: Manners) -> str:
    del arrival
    found = next((one for one in manners.list_fields if message.part.has(one)), "")
    return f"it came through a list: it has the field {found}" if found else ""


def _asks_for_silence(message: Message, arrival: Arrival, manners: Manners) -> str:
    del arrival, manners
    for value in message.part.all("x-auto-response-suppress"):
        asked = {one.strip().lower() for one in re.split(r"[,;\s]+", value)}
        if asked & _ASKS_FOR_SILENCE:
            return "it asks for no automatic answer (X-Auto-Response-Suppress)"
    return ""


def _by_machine_fields(message: Message, arrival: Arrival, manners: Manners) -> str:
    del arrival
    part = message.part
    for name in manners.machine_fields:
        if any(value.strip().lower() not in _MEANS_NOTHING for value in part.all(name)):
            return f"it has the field {name}"
    if part.get("x-fc-machinegenerated").strip().lower() == "true":
        return "it has the field x-fc-machinegenerated"
    if any("autoresponder" in value.lower() for value in part.all("delivered-to")):
        return "it was delivered to an autoresponder"
    if part.get("x-amazon-mail-relay-type").strip().lower() == "notification":
        return "it is a notification of a shop's machine"
    return ""


def _report(message: Message, arrival: Arrival, manners: Manners) -> str:
    del arrival, manners
    found = next((one.kind for one in message.part.walk() if one.kind in _REPORTS), "")
    return f"it is a machine's report ({found})" if found else ""


def _machines_address(message: Message, arrival: Arrival, manners: Manners) -> str:
    path = _return_path(message, arrival) or ""
    for address in (message.sender, path, mailbox(message.part.words("reply-to"))):
        local = address.rpartition("@")[0].lower()
        if local and manners.machines.match(local):
            return f"machines write as {local[:60]}@"
    return ""


def _our_own(message: Message, arrival: Arrival, manners: Manners) -> str:
    del manners
    path = _return_path(message, arrival) or ""
    replies = mailboxes(message.part.words("reply-to"))
    for address in (message.sender, path, *replies):
        small = address.lower()
        local, _, domain = small.rpartition("@")
        returned = local.startswith(RETURN_PATH) and domain in arrival.our_domains
        if _is_ours(small, arrival) or returned:
            return f"{small[:80]} is an address of ours"
    ids = re.findall(r"<([^<>\s]{3,250})>", message.part.get("message-id"))
    return "its Message-ID is ours" if any(map(arrival.signed_by_us, ids)) else ""


def _not_to_us(message: Message, arrival: Arrival, manners: Manners) -> str:
    del manners
    if not arrival.must_name_us:
        return ""
    named = {
        one.lower()
        for name in ("to", "cc", "resent-to", "resent-cc")
        for value in message.part.all(name)[:20]
        for one in mailboxes(value)
    }
    if any(_is_ours(one, arrival) for one in named):
        return ""
    return "none of our addresses is in its To or Cc"


def _is_ours(small: str, arrival: Arrival) -> bool:
    """Say whether an address is ours; a `+detail` behind its name makes no difference."""
    local, _, domain = small.rpartition("@")
    return bool({small, f"{local.partition('+')[0]}@{domain}"} & arrival.ours)


def _unproven(message: Message, arrival: Arrival, manners: Manners) -> str:
    del manners
    return is_forged(message, arrival.our_servers)


def _known_conversation(message: Message, arrival: Arrival, manners: Manners) -> str:
    del message, manners
    return "it continues a conversation" if arrival.continues else ""


def _machines_subject(message: Message, arrival: Arrival, manners: Manners) -> str:
    del arrival
    subject = normal(message.subject)
    bare = without_answers(subject)
    begun = next((one for one in manners.subjects if bare.startswith(one)), "")
    if not begun and (message.part.has("in-reply-to") or message.part.has("references")):
        begun = next((one for one in manners.answering if subject.startswith(one)), "")
    return f"its subject begins as a machine's: {begun}" if begun else ""


def _repeated(message: Message, arrival: Arrival, manners: Manners) -> str:
    del message, manners
    return "they wrote the same within the last hour" if arrival.said_before else ""


_RULES: tuple[tuple[int, Callable[[Message, Arrival, Manners], str]], ...] = (
    (1, _from_nobody),
    (2, _auto_submitted),
    (3, _bulk),
    (4, _to_a_list),
    (5, _asks_for_silence),
    (6, _by_machine_fields),
    (7, _report),
    (8, _machines_address),
    (9, _our_own),
    (10, _not_to_us),
    (11, _unproven),
    (12, _known_conversation),
    (14, _machines_subject),
    (15, _repeated),
)


def without_answers(subject: str) -> str:
    """Return a subject in small letters without its `Re:`s and `Fwd:`s."""
    while (cut := _ANSWER.match(subject)) is not None:
        subject = subject[cut.end() :]
    return subject.strip()


def subject_of_quota(subject: str) -> str:
    """Return what is left of a subject when robots have varied it.

    Answers' prefixes, tags in brackets and numbers are taken away, so that ticket systems
    which number each answer are seen to say one thing.
    """
    bare = without_answers(normal(_TAG.sub(" ", subject)).strip())
    return normal(_NUMBERS.sub("", bare)).strip()[:200]
