"""How findings of a check are printed, and `mailer template check`."""

from collections import Counter
from collections.abc import Sequence

import click

from mailer.cli.options import list_option
from mailer.cli.output import as_json, print_json, shown
from mailer.jobs.check_template import Asked, Checked, check_template
from mailer.jobs.trial import list_to_show
from mailer.model.finding import Finding, Severity, errors_of
from mailer.wiring import open_workspace, utc_now
from mailer.workspace.templates import template_names

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def print_findings(
    findings: Sequence[Finding], *, notes: bool = False, err: bool = True
) -> None:
    """Print findings for people.

    Args:
        notes: Also what is only worth knowing.
        err: On standard error.
    """
    for one in findings:
        if one.severity is Severity.NOTE and not notes:
            continue
        where = f"{shown(one.where)}: " if one.where else ""
        click.secho(one.severity.value, fg=_COLOURS[one.severity], nl=False, err=err)
        click.echo(f": {where}{shown(one.words)}", err=err)
        if one.todo and not one.todo.startswith("nothing"):
            click.echo(f"  to do: {shown(one.todo)}", err=err)


@click.command
@click.argument("names", metavar="[NAME]...", nargs=-1)
@list_option
@click.option("--links", is_flag=True, help="Try the links: this asks their web servers.")
@click.option("--notes", is_flag=True, help="Also print what is only worth knowing.")
@click.option("--no-spam", is_flag=True, help="Do not ask SpamAssassin.")
@as_json
@click.pass_context
def check(
    context: click.Context,
    names: tuple[str, ...],
    *,
    list_name: str | None,
    links: bool,
    notes: bool,
    no_spam: bool,
    as_json: bool,
) -> None:
    """Check templates before anybody gets them; all of them when none is named.

    Size, images, links, colours, languages, missing values, ways out, what big mail
    clients do not support, and SpamAssassin's score when it is installed. Nothing is sent,
    and nothing is fetched without --links. Ends with 1 when there is an error: with it a
    campaign would not start.

    \b
    Example: mailer template check autumn-sale --list newsletter --notes
             mailer template check               all of them, as before a commit
    """  # noqa: D301 - click's own mark for lines that stay as they are
    asked = Asked(links=links, spam=not no_spam)
    with open_workspace(context.obj) as workspace:
        if list_name is None:
            lists = workspace.mailing_lists()
            mailing_list = list_to_show(workspace.database, None, lists)
        else:
            mailing_list = workspace.mailing_list(list_name)
        world, now = workspace.world(), utc_now()
        found = [
            check_template(world, name, mailing_list, asked, now)
            for name in names or template_names(workspace.folder)
        ]
    if as_json:
        print_json([_json(one, mailing_list.name) for one in found])
    else:
        for one in found:
            _print(one, notes=notes)
    if any(errors_of(one.findings) for one in found):
        context.exit(1)


def _print(one: Checked, *, notes: bool) -> None:
    count = Counter(finding.severity for finding in one.findings)
    words = ", ".join(
        f"{count[severity]} {severity.value}{'' if count[severity] == 1 else 's'}"
        for severity in Severity
    )
    hidden = " (--notes shows them)" if count[Severity.NOTE] and not notes else ""
    size = f"{one.html_bytes / 1024:.1f} kB of HTML, " if one.html_bytes else ""
    click.echo(f"{shown(one.template)}: {size}{words}{hidden}")
    print_findings(one.findings, notes=notes, err=False)


def _json(one: Checked, list_name: str) -> dict[str, object]:
    return {
        "template": one.template,
        "list": list_name,
        "subject": one.subject,
        "html_bytes": one.html_bytes,
        "findings": [finding.as_dict() for finding in one.findings],
    }
