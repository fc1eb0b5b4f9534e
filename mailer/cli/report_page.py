"""A campaign's report as a page: one file, nothing from elsewhere, no script."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from jinja2 import Environment, StrictUndefined

from mailer.cli.charts import Column, Part, columns, share, stacked_bar
from mailer.cli.report_style import STYLE
from mailer.jobs.report import ClickMoment, Report
from mailer.model.delivery import DeliveryState
from mailer.model.reason import WhyLeft
from mailer.model.schedule import duration_words

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ one.campaign.name }}: what came of it</title>
<style>{{ style|safe }}</style>
</head>
<body>
<main>
<h1>{{ one.campaign.name }}</h1>
<p class="soft">Campaign {{ one.campaign.id }}, template {{ one.campaign.template }}, to
{{ one.goes_to }}. Due {{ one.campaign.due_at|time }}; {{ state }}.
{%- if one.campaign.follows %} It went to those who had no letter of campaign
{{ one.campaign.follows }}.{% endif %}</p>
<ul class="figures">
{% for figure in figures %}
<li class="{{ figure.style }}"><b>{{ figure.count|number }}</b>
<span>{{ figure.name }}</span></li>
{% endfor %}
</ul>
{% if bar %}
<h2>Where the {{ planned|number }} letters stand</h2>
{{ bar|safe }}
<ul class="legend">
{% for part in parts if part.count %}
<li class="{{ part.style }}"><i></i>{{ part.name }} {{ part.count|number }}
<span class="soft">({{ share(part.count, planned) }})</span></li>
{% endfor %}
</ul>
{% endif %}
{% if one.gone %}
<p class="soft">{{ one.gone|number }} of the {{ one.campaign.planned|number }} letters that
were planned are not on record singly any more.</p>
{% endif %}
{% if one.advice %}
<h2>What you can do</h2>
<ol class="advice">
{% for advice in one.advice %}
<li><p>{{ advice.words }}</p><code>{{ advice.command }}</code></li>
{% endfor %}
</ol>
{% elif not one.waiting %}
<h2>What you can do</h2>
<p>Nothing is left to do.</p>
{% endif %}
{% if chart %}
<h2>Over time</h2>
{{ chart|safe }}
<p class="soft">Answers of mail servers in steps of {{ step }}, UTC.</p>
{% endif %}
{% for title, answers in (("Refused, by reason and provider", one.refused),
    ("Put off until its time was over, by reason and provider", one.expired)) if answers %}
<h2>{{ title }}</h2>
<div class="wide" tabindex="0" role="region" aria-label="{{ title }}"><table>
<thead><tr><th>Reason</th><th>Provider</th><th class="n">Letters</th></tr></thead>
<tbody>
{% for answer in answers[:most] %}
<tr><td>{{ reason(answer.code) }}<small>{{ answer.example }}</small></td>
<td>{{ answer.provider }}</td><td class="n">{{ answer.count|number }}</td></tr>
{% endfor %}
</tbody></table></div>
{% if answers|length > most %}
<p class="soft">And {{ answers|length - most }} more kinds; --json has them all.</p>
{% endif %}
{% endfor %}
{% if one.came_back %}
<h2>Came back after it was accepted</h2>
<div class="wide" tabindex="0" role="region" aria-label="Came back"><table>
<thead><tr><th>Reason</th><th class="n">Reports</th><th class="n">Hard</th>
<th class="n">Of what left</th></tr></thead>
<tbody>
{% for back in one.came_back %}
<tr><td>{{ back.group }}<small>{{ back.advice }}</small></td>
<td class="n">{{ back.reports|number }}</td><td class="n">{{ back.hard|number }}</td>
<td class="n">{{ "%.2f %%"|format(back.share * 100) }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endif %}
{% if one.withheld %}
<h2>Withheld, by reason</h2>
<div class="wide" tabindex="0" role="region" aria-label="Withheld, by reason"><table>
<thead><tr><th>Reason</th><th class="n">Letters</th></tr></thead>
<tbody>
{% for why, count in one.withheld.items() %}
<tr><td>{{ withheld(why) }}</td><td class="n">{{ count|number }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endif %}
<h2>What people did</h2>
<div class="wide" tabindex="0" role="region" aria-label="What people did"><table><tbody>
<tr><td>Left the list by a link in one of its letters</td>
<td class="n">{{ one.left|number }}</td></tr>
{% for why, people in one.why_left.items() %}
<tr><td>… because: {{ why_left[why] }}</td><td class="n">{{ people|number }}</td></tr>
{% endfor %}
<tr><td>Answered one of its letters</td>
<td class="n">{{ one.replied|number }}</td></tr>
{% if one.links %}
<tr><td>Followed one of its links <small>By people; nobody knows by whom.</small></td>
<td class="n">{{ one.clicks|number }}</td></tr>
{% endif %}
</tbody></table></div>
{% if one.links %}
<h2>Links</h2>
<div class="wide" tabindex="0" role="region" aria-label="Links"><table>
<thead><tr><th>Leads to</th><th>Letters in</th><th class="n">People</th>
<th class="n">Machines</th></tr></thead>
<tbody>
{% for link in one.links[:most] %}
<tr><td class="url">{{ link.url }}</td><td>{{ link.variant }}</td>
<td class="n">{{ link.people|number }}</td>
<td class="n">{{ link.machines|number }}</td></tr>
{% endfor %}
</tbody></table></div>
{% if one.links|length > most %}
<p class="soft">And {{ one.links|length - most }} more links; --json has them all.</p>
{% endif %}
{% if clicks %}
{{ clicks|safe }}
<p class="soft">Clicks hour by hour, UTC. Machines are scanners and previews, as far as they
can be told.</p>
{% endif %}
{% endif %}
{% if one.followed_by %}
<h2>Sent to the others since</h2>
<ul>
{% for other in one.followed_by %}
<li>Campaign {{ other.id }}, {{ other.due_at|time }}:
{{ other.planned|number }} letters</li>
{% endfor %}
</ul>
{% endif %}
<p class="soft">Made {{ now|time }}. Opens are not counted: no letter holds a pixel. Clicks
are counted by link, with no person on record.</p>
</main>
</body>
</html>
"""

WHY_LEFT = {
    WhyLeft.TOO_OFTEN: "too many letters",
    WhyLeft.NOT_FOR_ME: "not for them",
    WhyLeft.NEVER_ASKED: "never asked",
    WhyLeft.OTHER: "something else",
}

_MOST_SHOWN = 25
_MOST_STEPS = 48

_WITHHELD = {
    "permission": "Left the list, or the permission ended, before the letter went",
    "suppression": "The address must not get mail",
    "topic": "The person had chosen other topics",
    "superseded": "A later letter took its place",
    "cancelled": "The campaign was cancelled",
    "erased": "The person was erased",
    "cannot_compose": "The letter could not be made: a value is missing or wrong",
}

_REASONS = (
    ("5.1.", "No such address"),
    ("5.2.1", "The mailbox is closed"),
    ("5.2.2", "The mailbox is full"),
    ("4.2.2", "The mailbox is full"),
    ("5.3.4", "The letter is too large"),
    ("5.7.", "Refused by policy: reputation, authentication or content"),
    ("4.7.", "Put off by policy: reputation or rate"),
    ("5.4.", "No way to that mail server"),
    ("4.4.", "The mail server could not be reached"),
)


def withheld_words(reason: str) -> str:
    """Say why letters were withheld."""
    return _WITHHELD.get(reason, reason)


def reason_words(code: str) -> str:
    """Say what a reply's codes mean (RFC 3463 §3), with the codes."""
    if not code:
        return "Without a code of a mail server"
    _, _, enhanced = code.partition(" ")
    words = next((words for start, words in _REASONS if enhanced.startswith(start)), "")
    return f"{words} ({code})" if words else code


def parts_of(one: Report) -> list[Part]:
    """Return where a campaign's letters stand, as parts of a whole."""
    counts = one.counts
    return [
        Part("accepted", "accepted", counts[DeliveryState.ACCEPTED]),
        Part("refused", "refused", counts[DeliveryState.REFUSED]),
        Part("expired", "expired", counts[DeliveryState.EXPIRED]),
        Part("in doubt", "in-doubt", counts[DeliveryState.IN_DOUBT]),
        Part("withheld", "withheld", counts[DeliveryState.WITHHELD]),
        Part("still to be sent", "waiting", one.waiting),
    ]


def _clicks_chart(one: Report) -> str:
    hours = one.clicks_over_time
    if not hours:
        return ""
    series = [
        Part("people", "accepted", sum(hour.people for hour in hours)),
        Part("machines", "waiting", sum(hour.machines for hour in hours)),
    ]
    every, sums = _few(hours)
    form = "%d %b %H:%M" if hours[0].at.date() != hours[-1].at.date() else "%H:%M"
    steps = [Column(f"{at:{form}}", both) for at, both in sums]
    title = f"Clicks over time, in steps of {duration_words(every)}"
    return columns("clicks", title, series, steps)


def _few(
    hours: Sequence[ClickMoment],
) -> tuple[timedelta, list[tuple[datetime, tuple[int, int]]]]:
    """Put hours together to at most 48 steps, with those in between when nobody clicked."""
    first, last = hours[0].at, hours[-1].at
    an_hour = timedelta(hours=1)
    span = (last - first) // an_hour + 1
    every = an_hour * -(-span // _MOST_STEPS)
    sums = [[0, 0] for _ in range(-(-span * an_hour // every))]
    for one in hours:
        place = (one.at - first) // every
        sums[place][0] += one.people
        sums[place][1] += one.machines
    return every, [
        (first + place * every, (both[0], both[1])) for place, both in enumerate(sums)
    ]


def report_page(one: Report, now: datetime) -> str:
    """Write a campaign's report as a page."""
    parts = parts_of(one)
    planned = sum(part.count for part in parts)
    series = [
        Part("accepted", "accepted", sum(step.accepted for step in one.over_time)),
        Part("refused", "refused", sum(step.refused for step in one.over_time)),
    ]
    several_days = bool(one.over_time) and (
        one.over_time[0].at.date() != one.over_time[-1].at.date()
    )
    form = "%d %b %H:%M" if several_days else "%H:%M"
    steps = [
        Column(f"{step.at:{form}}", (step.accepted, step.refused)) for step in one.over_time
    ]
    figures = [Part("planned", "", one.campaign.planned)]
    figures += [part for part in parts if part.count or part.style != "waiting"]
    figures.append(Part("left by its links", "", one.left))
    jinja = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    jinja.filters["time"] = _time
    jinja.filters["number"] = _number
    return jinja.from_string(_PAGE).render(
        one=one,
        now=now,
        style=STYLE,
        state=_state(one),
        figures=figures,
        parts=parts,
        planned=planned,
        share=share,
        bar=stacked_bar("stand", "Where the letters stand", parts),
        chart=columns("time", "Answers over time", series, steps),
        clicks=_clicks_chart(one),
        step=duration_words(one.step),
        most=_MOST_SHOWN,
        reason=reason_words,
        withheld=withheld_words,
        why_left=WHY_LEFT,
    )


def _state(one: Report) -> str:
    if one.campaign.finished_at is not None:
        return f"{one.campaign.state} {_time(one.campaign.finished_at)}"
    return str(one.campaign.state)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _number(number: int) -> str:
    return f"{number:,}"
