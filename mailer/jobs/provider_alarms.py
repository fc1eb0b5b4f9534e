"""The alarm of a mailbox provider that is given nothing more."""

from datetime import datetime

from mailer.pace.shaping import Standing
from mailer.store.alarms import Alarm

KIND = "provider_stopped"


def subject_of(name: str) -> str:
    """Return how alarms name a provider."""
    return f"provider {name}"


def stopped(name: str, standing: Standing, now: datetime) -> Alarm:
    """Return the alarm of a provider that said to send nothing more."""
    return Alarm(
        KIND,
        subject_of(name),
        now,
        f"it answered {standing.mark}: nothing more goes there, letters to others do",
        f"put right what it says (`mailer bounce list --provider {name} --json` has its"
        f" words), then run `mailer relay resume {name}`",
    )
