"""What is said before anything else while letters do not go to people."""

import click

from mailer.cli.output import shown
from mailer.config.fields import Settings
from mailer.config.modes import mode_of, rehearsal_of
from mailer.errors import MailerError
from mailer.model.mode import Mode
from mailer.wiring import settings_of


def announce(folder: str) -> None:
    """Say that a workspace rehearses, if it does; what is wrong with it others say."""
    try:
        settings = settings_of(folder)
    except (MailerError, OSError):
        return
    label, words = words_about(settings)
    if label:
        click.secho(f"{label}: ", err=True, nl=False, fg="yellow", bold=True)
        click.echo(shown(words), err=True)


def words_about(settings: Settings) -> tuple[str, str]:
    """Return what is said of a workspace's mode, in a word and in full; "" when live."""
    match mode_of(settings):
        case Mode.REHEARSAL:
            return "rehearsal", rehearsal_of(settings).words()
        case Mode.LIVE:
            return "", ""
        case None:
            return "no mode", (
                "config.toml does not say whether letters go to people, so none leaves;"
                ' write mode = "live" or mode = "rehearsal" at its top'
            )
