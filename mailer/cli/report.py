"""`mailer campaign report`: what came of a campaign, and what can be done about it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from mailer.cli.charts import share
from mailer.cli.output import as_json, print_json, shown
from mailer.cli.report_page import (
    WHY_LEFT,
    parts_of,
    reason_words,
    report_page,
    withheld_words,
)
from mailer.errors import NotFoundError
from mailer.jobs import campaigns as jobs
from mailer.jobs.report import Report
from mailer.jobs.report import report as reported
from mailer.store.reporting import Refusal
from mailer.wiring import open_workspace, utc_now
from mailer.workspace.files import write_asked

_FIRST_SHOWN = 10


@click.command
@click.argument("number", metavar="[CAMPAIGN]", type=int, required=False)
@click.option("--html", "page", metavar="FILE", help="Write it as a page, in one file.")
@as_json
@click.pass_obj
def report(folder: str, number: int | None, *, page: str | None, as_json: bool) -> None:
    """Say what came of a campaign and what you can do now; of the latest campaign.

    Accepted, refused by reason and provider, withheld by reason, in doubt, who left by its
    links, over time: the figures add up to what was planned. Clicks are counted by link,
    people and machines apart, with no person on record.

    \b
    Example: mailer campaign report 12
             mailer campaign report 12 --html report.html
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder, need_keys=False) as workspace:
        if number is None:
            latest = jobs.latest(workspace.database, 1)
            if not latest:
                raise NotFoundError(
                    "there is no campaign yet: mailer campaign start --help"
                )
            number = latest[0].id
        found = reported(workspace.database, number)
    if page is not None:
        write_asked(page, report_page(found, utc_now()).encode())
        click.echo(f"wrote {page}", err=True)
    if as_json:
        print_json(_as_json(found))
    elif page is None:
        for line in _lines(found):
            click.echo(line)


def _as_json(one: Report) -> dict[str, object]:
    facts: dict[str, object] = asdict(one)
    del facts["step"]
    return facts | {
        "waiting": one.waiting,
        "step_s": one.step.total_seconds(),
        "clicks": one.clicks,
    }


def _lines(one: Report) -> Iterator[str]:
    campaign = one.campaign
    yield click.style(f"Campaign {campaign.id} ({shown(campaign.name)})", bold=True)
    yield (
        f"{campaign.template} to {one.goes_to}, due {shown(campaign.due_at)},"
        f" {campaign.state}"
    )
    yield ""
    yield from _figures(one)
    yield from _answers("Refused, by reason and provider", one.refused)
    yield from _answers("Put off until its time was over", one.expired)
    yield from _came_back(one)
    yield from _links(one)
    if one.withheld:
        yield from ("", "Withheld, by reason:")
    for reason, count in one.withheld.items():
        yield f"{count:>10,}  {withheld_words(reason)}"
    for other in one.followed_by:
        yield ""
        yield f"Campaign {other.id} went to {other.planned:,} who had no letter of it."
    if one.advice:
        yield from ("", "What you can do:")
    for advice in one.advice:
        yield f"  {advice.words}"
        yield f"    {advice.command}"


def _figures(one: Report) -> Iterator[str]:
    whole = one.campaign.planned
    yield f"{'planned':18}{whole:>12,}"
    for part in parts_of(one):
        if part.count or part.style != "waiting":
            yield f"{part.name:18}{part.count:>12,}  {share(part.count, whole):>9}"
    if one.gone:
        yield f"{'not kept singly':18}{one.gone:>12,}"
    yield f"{'left by its links':18}{one.left:>12,}"
    for reason, people in one.why_left.items():
        yield f"  {WHY_LEFT[reason]:16}{people:>12,}"
    yield f"{'replied':18}{one.replied:>12,}"
    if one.links:
        yield f"{'clicks':18}{one.clicks:>12,}  by people, with no person on record"


def _came_back(one: Report) -> Iterator[str]:
    if one.came_back:
        yield from ("", "Came back afterwards, by reason (see `mailer bounce list`):")
    for back in one.came_back:
        hard = ", hard" if back.hard else ""
        yield f"{back.reports:>10,}  {back.group}{hard} ({back.share:.2%} of what left)"
        yield f"            {back.advice}"


def _links(one: Report) -> Iterator[str]:
    if one.links:
        yield from ("", "Links, followed by people and by machines (scanners, previews):")
    for link in one.links[:_FIRST_SHOWN]:
        yield f"{link.people:>10,} {link.machines:>8,}  {shown(link.url)} ({link.variant})"
    if len(one.links) > _FIRST_SHOWN:
        yield f"{'':19}  and {len(one.links) - _FIRST_SHOWN} more (--json)"


def _answers(title: str, answers: Sequence[Refusal]) -> Iterator[str]:
    if answers:
        yield from ("", f"{title}:")
    for answer in answers[:_FIRST_SHOWN]:
        yield f"{answer.count:>10,}  {answer.provider}: {reason_words(answer.code)}"
        yield f"            {shown(answer.example)}"
    if len(answers) > _FIRST_SHOWN:
        yield f"            and {len(answers) - _FIRST_SHOWN} more kinds (--json)"
