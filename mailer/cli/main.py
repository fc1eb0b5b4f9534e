"""The frame of the command line: `mailer <noun> <verb>`, each noun loaded when it is used.

The table below says where a noun's commands live and what its line in `mailer --help` is,
so that the help needs no module but this one (a test holds the lines to the commands' own).
A command takes the workspace's folder with `@click.pass_obj`, calls one job and prints.
A mistake that a person can put right ends it with exit status 2 and no traceback, Ctrl-C
with 130.
"""

import errno
import gc
import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

import click

from mailer.cli.printable import printable
from mailer.errors import MailerError, did_you_mean, shorten

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("mailer.cli.init:init", "Make a workspace: example files, keys, database."),
    "demo": (
        "mailer.cli.demo:demo",
        "Show the whole main job on this machine, in a minute or two.",
    ),
    "contact": ("mailer.cli.contact:contact", "Import, show and export people."),
    "consent": (
        "mailer.cli.consent:consent",
        "Show and prove what people agreed to; write down a no they told you.",
    ),
    "suppression": (
        "mailer.cli.suppression:suppression",
        "Keep letters from addresses: add, lift, list, import, export.",
    ),
    "list": (
        "mailer.cli.lists:lists",
        "Show the lists: who stands on them, and how they grew.",
    ),
    "segment": ("mailer.cli.segment:segment", "Count and preview who a segment picks."),
    "template": (
        "mailer.cli.template:template",
        "Begin a letter, preview and check it, send a test.",
    ),
    "send": ("mailer.cli.send:send", "Send one transactional letter to one address."),
    "campaign": ("mailer.cli.campaign:campaign", "Start, watch and settle campaigns."),
    "report": (
        "mailer.cli.overview:overview",
        "Show how the lists grew, and the last ten campaigns side by side.",
    ),
    "schedule": ("mailer.cli.schedule:schedule", "List schedules, run or skip a firing."),
    "check": (
        "mailer.cli.check:check",
        "Say what does not hold before letters go to people.",
    ),
    "status": (
        "mailer.cli.status:status",
        "Show how things stand, on one screen.",
    ),
    "relay": (
        "mailer.cli.relay:relay",
        "Show how the relays are and why, and try them out.",
    ),
    "dkim": (
        "mailer.cli.dkim:dkim",
        "Sign letters: make keys, show what to publish, check what is published.",
    ),
    "alarm": ("mailer.cli.alarm:alarm", "List what went wrong while nobody looked."),
    "bounce": (
        "mailer.cli.bounce:bounce",
        "List what came back of letters, and what follows.",
    ),
    "letter": (
        "mailer.cli.letter:letter",
        "Show one letter as its person got it; settle what is in doubt.",
    ),
    "inbox": ("mailer.cli.inbox:inbox", "Answer people, and understand what comes back."),
    "serve": (
        "mailer.cli.serve:serve",
        "Run schedules, senders, pages and what comes back until stopped.",
    ),
    "explain": ("mailer.cli.explain:explain", "Say what decided whether someone got mail."),
    "sink": (
        "mailer.cli.sink:sink",
        "Take letters on this machine, and forward them to nobody.",
    ),
    "config": ("mailer.cli.config:config", "Show the settings in force, or an example."),
    "key": ("mailer.cli.key:key", "List the keys, or add one."),
    "api-key": (
        "mailer.cli.api_key:api_key",
        "Let other programs in: make, list and revoke keys.",
    ),
    "staff": (
        "mailer.cli.staff:staff",
        "Let people of the company into the console, and see what they did.",
    ),
    "webhook": (
        "mailer.cli.webhook:webhook",
        "Show who is told what happens to people, and tell it again.",
    ),
    "db": ("mailer.cli.db:db", "Upgrade, back up and verify the database."),
}
"""Noun → where its command is, and its line in the help."""

_WITHOUT_WORKSPACE = frozenset({"init", "demo", "sink"})
_HELP = frozenset({"-h", "--help"})

STOPPED_EXIT_STATUS = 130
_THE_DISKS = {
    errno.ENOSPC: "make room on the disk and do it again",
    errno.EDQUOT: "make room on the disk and do it again",
    errno.EROFS: "nothing can be written there",
    errno.EACCES: "this user may not; look at the folder's permissions",
    errno.EPERM: "this user may not; look at the folder's permissions",
}
"""What can be done about what the operating system says of files."""


@contextmanager
def _keeping_all() -> Generator[None]:
    """Look for no garbage while modules are loaded: a tenth of the time, for none."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _about_the_disk(problem: OSError) -> str:
    where = f"{problem.filename}: " if problem.filename else ""
    return f"{where}{problem.strerror}: {_THE_DISKS[problem.errno or 0]}"


def _about_the_bytes(given: str) -> str:
    """Name a text of the command line or the environment that Python could not decode.

    What is no UTF-8 there arrives as lone surrogates from U+DC80 to U+DCFF (PEP 383).
    """
    return (
        f"{shorten(given)!r}, as it was typed, is not UTF-8: type it in a terminal and a"
        " locale of UTF-8, such as LC_ALL=C.UTF-8"
    )


class Mistake(click.ClickException):
    """A mistake that a person can put right, as the command line shows it."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """Print what is wrong, where, and what to do."""
        del file
        colour = self.show_color
        click.secho("mailer: ", err=True, nl=False, color=colour, fg="red", bold=True)
        for line in self.message.splitlines():
            click.echo(printable(line), err=True, color=colour)


class Nouns(click.Group):
    """A group whose commands are loaded by name when they are used."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Begin, without colours where `NO_COLOR` is set (https://no-color.org)."""
        if os.environ.get("NO_COLOR"):
            extra["color"] = False
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the nouns in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a noun's module and return its command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        with _keeping_all():
            command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the noun that was typed, or say which one was perhaps meant."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(
                f"no such command {args[0]!r}{did_you_mean(args[0], COMMANDS)}", ctx
            )
        noun, command, rest = super().resolve_command(ctx, args)
        asks_only = ctx.resilient_parsing or not _HELP.isdisjoint(rest)
        if noun not in _WITHOUT_WORKSPACE and not asks_only:
            import_module("mailer.cli.mode").announce(ctx.params["folder"])
        return noun, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the nouns with their lines, without loading any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(noun, line) for noun, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what a person can put right is said without a traceback."""
        try:
            return super().invoke(ctx)
        except MailerError as mistake:
            raise Mistake(str(mistake)) from mistake
        except UnicodeEncodeError as problem:
            if not "\udc80" <= problem.object[problem.start] <= "\udcff":
                raise
            raise Mistake(_about_the_bytes(problem.object)) from problem
        except OSError as problem:
            if problem.errno not in _THE_DISKS:
                raise
            raise Mistake(_about_the_disk(problem)) from problem
        except KeyboardInterrupt:
            click.echo("mailer: stopped", err=True)
            ctx.exit(STOPPED_EXIT_STATUS)


@click.command(
    cls=Nouns,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with: mailer init shop && cd shop && mailer config show",
)
@click.option(
    "--workspace",
    "-w",
    "folder",
    metavar="DIR",
    default=".",
    envvar="MAILER_WORKSPACE",
    show_envvar=True,
    help="The workspace's folder; the current one when not given.",
)
@click.version_option(
    package_name="permission-mailer", message="permission-mailer %(version)s"
)
@click.pass_context
def mailer(context: click.Context, folder: str) -> None:
    """Write to people who want it, and be able to say what happened.

    Every command has help with an example: mailer campaign start --help
    """
    context.obj = folder


def run() -> NoReturn:
    """Run the command line and end the process with its exit status."""
    mailer(prog_name="mailer")
    raise AssertionError("click ends the process")
