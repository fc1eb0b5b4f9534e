"""What a person can do about letters that come back, by the reason."""

from mailer.model.notice import Reason

PLAIN = {
    Reason.AUTH_FAILURE: "authentication", Reason.BAD_REPUTATION: "reputation",
    Reason.BLOCKED: "a block list", Reason.CONTENT_ERROR: "the letter's form",
    Reason.EXCEED_LIMIT: "a limit", Reason.EXPIRED: "lack of time",
    Reason.FAILED_STARTTLS: "encryption", Reason.FEEDBACK: "complaints",
    Reason.FILTERED: "a filter", Reason.HAS_MOVED: "people who have moved",
    Reason.HOST_UNKNOWN: "domains that do not exist",
    Reason.MAILBOX_FULL: "full mailboxes", Reason.MAILER_ERROR: "a program of theirs",
    Reason.MESSAGE_TOO_BIG: "its size", Reason.NETWORK_ERROR: "lack of a line",
    Reason.NO_RELAYING: "relaying", Reason.NOT_ACCEPT: "domains that take no mail",
    Reason.NOT_COMPLIANT: "its fields", Reason.POLICY_VIOLATION: "their policy",
    Reason.REJECTED: "its sender", Reason.REQUIRE_PTR: "the relay's name",
    Reason.SECURITY_ERROR: "security", Reason.SPAM_DETECTED: "what reads like spam",
    Reason.SPEEDING: "our pace", Reason.SUSPEND: "accounts that sleep",
    Reason.SYSTEM_ERROR: "trouble of theirs", Reason.SYSTEM_FULL: "full disks",
    Reason.TOO_MANY_CONNECTIONS: "too many connections",
    Reason.UNDEFINED: "reasons that nobody said",
    Reason.USER_UNKNOWN: "mailboxes that do not exist",
    Reason.VIRUS_DETECTED: "what looks like a virus",
}  # fmt: skip
"""Each reason as a sentence has it, behind "for"."""

_ASK_THEM = "read what the server says (`mailer bounce list`); its administrator can tell"
_OVER = "nothing: it fades, or the address is kept away for a while"
_ADVICE = {
    Reason.AUTH_FAILURE: "see `mailer check --dns`: SPF, DKIM and DMARC of the sender",
    Reason.BAD_REPUTATION: "send less, and to those who read you; ask the provider why",
    Reason.BLOCKED: "look the relay's address up in the block list that is named",
    Reason.CONTENT_ERROR: "look at the letter: its server does not take it as it is",
    Reason.EXCEED_LIMIT: _OVER,
    Reason.EXPIRED: "nothing: it was tried long enough; `mailer relay status` shows how",
    Reason.FAILED_STARTTLS: "ask the relay's administrator for TLS that others take",
    Reason.FEEDBACK: "they are out; ask whether those people expected the letter",
    Reason.FILTERED: "look at the letter with their eyes; what stays so is kept away",
    Reason.HAS_MOVED: "nothing: the addresses are kept away",
    Reason.HOST_UNKNOWN: "nothing: look for typing mistakes at the source",
    Reason.MAILBOX_FULL: _OVER,
    Reason.MESSAGE_TOO_BIG: "make the letter smaller: images can stay on the web",
    Reason.NETWORK_ERROR: "look at the relay's line and DNS; one domain alone is its own",
    Reason.NO_RELAYING: "the relay does not know us: check login and address",
    Reason.NOT_ACCEPT: "nothing: those domains take no mail; look at the source",
    Reason.NOT_COMPLIANT: "send the letter to yourself and look at its fields",
    Reason.REQUIRE_PTR: "give the relay's address a name (PTR) that leads back to it",
    Reason.SPAM_DETECTED: "look at the letter's words, links and sender with their eyes",
    Reason.SPEEDING: "lower the pace: [limits] in config.toml",
    Reason.SUSPEND: _OVER,
    Reason.SYSTEM_ERROR: _OVER,
    Reason.SYSTEM_FULL: _OVER,
    Reason.TOO_MANY_CONNECTIONS: "lower the number of connections in config.toml",
    Reason.USER_UNKNOWN: "nothing: they are kept away; ask where they came from",
    Reason.VIRUS_DETECTED: "look at links and attachments: somebody's scanner warns",
}


def advice_about(reason: Reason) -> str:
    """Say what a person can do; where nothing is known, where to read more."""
    return _ADVICE.get(reason, _ASK_THEM)
