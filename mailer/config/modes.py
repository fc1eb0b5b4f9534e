"""What the settings say of the mode, as the rest of the program sees it."""

from mailer.config.fields import Settings
from mailer.model.mode import Mode, Rehearsal


def mode_of(settings: Settings) -> Mode | None:
    """Return the mode; None when the settings do not say."""
    return None if settings.mode is None else Mode(settings.mode)


def rehearsal_of(settings: Settings) -> Rehearsal:
    """Return where letters go in a rehearsal, whether it is one or not."""
    return Rehearsal(settings.rehearsal.to, settings.rehearsal.folder)
