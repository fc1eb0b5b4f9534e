"""`mailer report`: the lists' growth and the last ten campaigns, side by side."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

import click
from jinja2 import Environment, StrictUndefined

from mailer.cli.charts import Column, Part, columns, share
from mailer.cli.output import as_json, print_json, print_rows
from mailer.cli.report_style import STYLE
from mailer.jobs.list_growth import Period
from mailer.jobs.overview import Overview
from mailer.jobs.overview import overview as seen
from mailer.jobs.report import Report
from mailer.model.delivery import DeliveryState
from mailer.wiring import open_workspace, utc_now
from mailer.workspace.files import write_asked

_MONTHS = 12

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lists and campaigns</title>
<style>{{ style|safe }}</style>
</head>
<body>
<main class="broad">
<h1>Lists and campaigns</h1>
<p class="soft">Made {{ made }}.</p>
{% for one in lists %}
<h2>{{ one.title }}: {{ one.members }} may be written to</h2>
{% if one.chart %}
{{ one.chart|safe }}
<ul class="legend"><li class="accepted"><i></i>joined</li>
<li class="refused"><i></i>left</li></ul>
<div class="wide" tabindex="0" role="region" aria-label="{{ one.title }}, by month"><table>
<thead><tr><th>Month</th><th class="n">Joined</th><th class="n">Left</th>
<th class="n">On the list</th></tr></thead>
<tbody>
{% for month in one.months %}
<tr><td>{{ month.name }}</td><td class="n">{{ '{:,}'.format(month.joined) }}</td>
<td class="n">{{ '{:,}'.format(month.left) }}</td>
<td class="n">{{ '{:,}'.format(month.members) }}</td></tr>
{% endfor %}
</tbody></table></div>
{% else %}
<p class="soft">Nobody ever was on it.</p>
{% endif %}
{% endfor %}
<h2>The last campaigns</h2>
{% if campaigns %}
<div class="wide" tabindex="0" role="region" aria-label="The last campaigns"><table>
<thead><tr>{% for name in campaigns[0] %}
<th{% if not loop.first %} class="n"{% endif %}>{{ name|capitalize }}</th>
{% endfor %}</tr></thead>
<tbody>
{% for row in campaigns %}
<tr>{% for cell in row.values() %}
<td{% if not loop.first %} class="n"{% endif %}>{{ cell }}</td>
{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
{% else %}
<p class="soft">There is no campaign yet.</p>
{% endif %}
</main>
</body>
</html>
"""


@click.command(name="report")
@click.option("--html", "page", metavar="FILE", help="Write it as a page, in one file.")
@as_json
@click.pass_obj
def overview(folder: str, *, page: str | None, as_json: bool) -> None:
    """Show how the lists grew, and the last ten campaigns side by side.

    Example: mailer report --html report.html
    """
    with open_workspace(folder) as workspace:
        found = seen(workspace.world(), utc_now())
    if page is not None:
        write_asked(page, overview_page(found, utc_now()).encode())
        click.echo(f"wrote {page}", err=True)
    if as_json:
        print_json(_as_json(found))
    elif page is None:
        _print(found)


def _print(found: Overview) -> None:
    for one, months in found.lists:
        click.echo(f"{one.mailing_list.name}: {one.members:,} may be written to")
        if months:
            print_rows((asdict(month) for month in months[-_MONTHS:]), as_json=False)
        click.echo("")
    print_rows(
        map(_row, found.campaigns), as_json=False, nothing="there is no campaign yet"
    )


def _row(one: Report) -> Mapping[str, object]:
    planned = one.campaign.planned
    told = {
        state.value.replace("_", " "): share(one.counts[state], planned)
        for state in (
            DeliveryState.ACCEPTED,
            DeliveryState.REFUSED,
            DeliveryState.EXPIRED,
            DeliveryState.WITHHELD,
            DeliveryState.IN_DOUBT,
        )
    }
    return {
        "campaign": f"{one.campaign.id} {one.campaign.name}",
        "due": f"{one.campaign.due_at:%Y-%m-%d}",
        "planned": f"{planned:,}",
        **told,
        "left": f"{one.left:,}",
        "replied": f"{one.replied:,}",
        "clicks": f"{one.clicks:,}" if one.links else "",
    }


def _as_json(found: Overview) -> dict[str, object]:
    return {
        "lists": [
            {
                "list": one.mailing_list.name,
                "members": one.members,
                "growth": [asdict(month) for month in months],
            }
            for one, months in found.lists
        ],
        "campaigns": [
            {
                "id": one.campaign.id,
                "name": one.campaign.name,
                "due_at": one.campaign.due_at,
                "planned": one.campaign.planned,
                "counts": one.counts,
                "left": one.left,
                "replied": one.replied,
                "clicks": one.clicks,
            }
            for one in found.campaigns
        ],
    }


def overview_page(found: Overview, now: datetime) -> str:
    """Write it as a page."""
    jinja = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return jinja.from_string(_PAGE).render(
        style=STYLE,
        made=f"{now:%Y-%m-%d %H:%M} UTC",
        lists=[
            {
                "title": one.mailing_list.title,
                "members": f"{one.members:,}",
                "months": [asdict(month) for month in months[-_MONTHS:]],
                "chart": _chart(place, one.mailing_list.title, months[-_MONTHS:]),
            }
            for place, (one, months) in enumerate(found.lists)
        ],
        campaigns=[_row(one) for one in found.campaigns],
    )


def _chart(place: int, title: str, months: tuple[Period, ...]) -> str:
    series = [
        Part("joined", "accepted", sum(month.joined for month in months)),
        Part("left", "refused", sum(month.left for month in months)),
    ]
    steps = [Column(month.name, (month.joined, month.left)) for month in months]
    return columns(f"growth-{place}", f"Who joined and left: {title}", series, steps)
