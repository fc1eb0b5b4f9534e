"""What the settings say about people's data: the rest of what the privacy page needs."""

from email.utils import parseaddr
from urllib.parse import urlsplit

from mailer.config.fields import Settings
from mailer.model.privacy import Handling, Kept, Purpose, Receiver

_HERE = {"localhost", "127.0.0.1", "::1"}


def handling_of(settings: Settings) -> Handling:
    """Return what is done with people's data, by what is really configured."""
    boxes = settings.mailboxes.values()
    relays = settings.all_relays().values()
    return Handling(
        contact=settings.privacy.contact,
        statement_url=settings.privacy.statement_url,
        attributes=tuple(settings.attributes),
        mailboxes=tuple(parseaddr(one.address)[1] for one in boxes if one.address),
        reads_mail=bool(settings.inbox.domains or settings.mailboxes),
        receivers=_receivers(settings),
        encrypted=all(
            one.tls in {"required", "implicit"} or one.host in _HERE for one in relays
        ),
        kept=Kept(
            sign_ups=settings.sign_up.kept_for_days,
            origins=settings.retention.evidence_days,
            letters=settings.retention.deliveries_days,
            values=settings.retention.letter_values_days,
            conversations=settings.retention.tickets_days,
            reports=settings.inbox.kept_for_days,
        ),
    )


def _receivers(settings: Settings) -> tuple[Receiver, ...]:
    """Return who outside this machine gets to see something of people, each once."""
    relays = [one.host for one in settings.all_relays().values() if one.host]
    hooks = [urlsplit(one.url).hostname or "" for one in settings.webhooks.values()]
    found = [
        *(Receiver(one, Purpose.RELAY) for one in relays if one not in _HERE),
        *(Receiver(one, Purpose.WEBHOOK) for one in hooks if one not in _HERE),
    ]
    return tuple(dict.fromkeys(found))
