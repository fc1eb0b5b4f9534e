"""Reports that are none of a letter's failure: read receipts, DMARC and TLS reports.

Sources: RFC 8098 §3 (disposition notifications), RFC 9990 §3 (DMARC aggregates), RFC 8460
§5 (TLS reports).
"""

import re

from mailer.model.notice import Action, Reason
from mailer.triage.addresses import of_field
from mailer.triage.finding import Finding, Reading
from mailer.triage.message import Message
from mailer.triage.mime import read_fields
from mailer.triage.readers.delivery_status import REJECTED_BY_RULE

_AGGREGATE = re.compile(r"^\W*report domain:\s*\S+\s+submitter:", re.IGNORECASE)


def read_receipt(message: Message) -> Reading | None:
    """Read a receipt, or a provider's summary that is about nobody."""
    for part in message.part.walk():
        if part.kind == "message/disposition-notification":
            fields = read_fields(part.text().lstrip("\n"))
            address = of_field(fields.get("original-recipient")) or of_field(
                fields.get("final-recipient")
            )
            refused = REJECTED_BY_RULE.search(message.said)
            if refused is not None and address:
                failed = Finding(address, said=refused[1], around=refused[1])
                return Reading((failed,), "a rejection sent as a receipt (RFC 8098)")
            found = Finding(
                address,
                action=Action.DELIVERED,
                said=fields.get("disposition"),
                reason=Reason.DELIVERED,
            )
            return Reading((found,) if address else (), "a read receipt (RFC 8098)")
        if part.kind in {"application/tlsrpt+gzip", "application/tlsrpt+json"}:
            return Reading((), "a TLS report (RFC 8460)")
    if _AGGREGATE.match(message.subject):
        return Reading((), "a DMARC aggregate report (RFC 9990)")
    return None
