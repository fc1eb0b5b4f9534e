"""`mailer init`: make a workspace to begin with."""

from shlex import quote

import click

from mailer.config.example import example
from mailer.config.places import places_of
from mailer.jobs.init import make_files, make_state
from mailer.wiring import database_of, settings_of, utc_now

_NEXT = """
Next:
  keep a copy of {keys} apart from the database: without it nothing starts
  cd {folder}
  mailer contact import people.csv --list newsletter --basis double_opt_in --source "…"
    (from Mailchimp, Klaviyo, Brevo or listmonk: all their files together, --from NAME)
  mailer template preview autumn-sale
  mailer serve
It is a rehearsal: all of it runs, and letters go to files in outbox/ instead of to people.
For real letters set [relay] and [site] public_url in config.toml, run mailer check,
and then set mode = "live"."""


@click.command
@click.argument("folder", metavar="DIR", default=".")
def init(folder: str) -> None:
    """Make a workspace: example files, keys, database.

    What is there already is kept, whatever it says; run it again and nothing changes.

    Example: mailer init shop
    """
    done = make_files(folder, example())
    places = places_of(folder, settings_of(folder))
    database = database_of(places)
    try:
        done += make_state(database, places.database_file, places.keys_file, utc_now())
    finally:
        database.close()
    for verb, things in (("made", done.made), ("kept", done.kept)):
        for thing in things:
            click.echo(f"{verb}  {thing}")
    click.echo(_NEXT.format(folder=quote(folder), keys=places.keys_file))
