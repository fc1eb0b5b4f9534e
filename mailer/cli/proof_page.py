"""A proof of consent as a page that a lawyer can read: one file, nothing from elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jinja2 import Environment, StrictUndefined

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Proof of consent: {{ facts.address }}</title>
<style>
  :root { color-scheme: light dark; --line: #c9c5ba; --soft: #55635d; --card: #f6f4ef; }
  @media (prefers-color-scheme: dark) {
    :root { --line: #3a4641; --soft: #a6b3ac; --card: #19211e; }
  }
  body { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 4rem;
    font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
    overflow-wrap: anywhere; }
  h1 { font-size: 1.6rem; line-height: 1.25; }
  h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
  .entry { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.2rem;
    margin: 0 0 1rem; break-inside: avoid; }
  .entry h3 { margin: 0 0 .5rem; font-size: 1.05rem; }
  blockquote { margin: .75rem 0; padding: .6rem 1rem; background: var(--card);
    border-left: 4px solid var(--line); white-space: pre-line; }
  dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .2rem 1rem;
    margin: 0; }
  dt { color: var(--soft); }
  dd { margin: 0; }
  code { font-size: .85em; }
  .soft { color: var(--soft); }
  @media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dt { margin-top: .4rem; } }
</style>
</head>
<body>
<h1>What {{ facts.address }} agreed to</h1>
<p>Made on {{ facts.made_at|time }} from the ledger of consents, which is only ever added
to.
{% if facts.ledger.findings %}
<strong>Verifying the ledger found {{ facts.ledger.findings|length }} thing(s) wrong; they
are listed below.</strong>
{% else %}
All {{ facts.ledger.verified_entries }} entries of the ledger were verified just before:
none was changed, removed or reordered, and {{ facts.ledger.checkpoints_met }} earlier
checkpoint(s) of it agree.
{% endif %}
</p>
<h2>Where the person stands</h2>
{% for id, one in facts.standing.items() %}
<p><strong>{{ id }}</strong>: {{ one.status }} since {{ one.since_at|time }}
{% if one.expires_at %}until {{ one.expires_at|time }}{% endif %}
(by entry {{ one.ledger_number }})</p>
{% else %}
<p>On no list.</p>
{% endfor %}
{% for one in facts.suppressions %}
<p>No mail of the scope <strong>{{ one.scope }}</strong> since {{ one.since_at|time }}:
{{ one.reason }}{% if one.source %} ({{ one.source }}){% endif %}</p>
{% endfor %}
<h2>What was said, in order</h2>
{% for one in facts.entries %}
<section class="entry">
<h3>{{ one.at|time }}: {{ one.act }} {{ one.list_title or "all marketing" }}</h3>
{% if one.words %}
<p class="soft">The exact words that were shown (version {{ one.wording }}):</p>
<blockquote lang="">{{ one.words }}</blockquote>
{% endif %}
<dl>
{% for name, label in labels %}
{% if one[name] is not none and one[name] != "" %}
<dt>{{ label }}</dt><dd>{{ one[name]|time if name.endswith("_at") else one[name] }}</dd>
{% endif %}
{% endfor %}
<dt>Entry</dt><dd>{{ one.number }}, seal <code>{{ one.seal }}</code></dd>
</dl>
</section>
{% else %}
<p>Nothing.</p>
{% endfor %}
{% if facts.ledger.findings %}
<h2>What is wrong in the ledger</h2>
<ul>{% for one in facts.ledger.findings %}<li>{{ one }}</li>{% endfor %}</ul>
{% endif %}
<h2>How to check this document</h2>
<p>Its JSON form is signed (Ed25519). <code>mailer consent verify FILE</code> checks the
signature and compares each entry with the ledger; any other program can check it too: the
signature is over the JSON of “facts” with sorted names and no spaces, in UTF-8.</p>
<dl>
<dt>Public key</dt><dd><code>{{ public_key }}</code></dd>
<dt>Signature</dt><dd><code>{{ signature }}</code></dd>
<dt>Ledger</dt><dd>{{ facts.ledger.entries }} entries, head
<code>{{ facts.ledger.head }}</code></dd>
</dl>
</body>
</html>
"""

_LABELS = (
    ("how", "By which way"),
    ("basis", "Kind of permission"),
    ("source", "Where"),
    ("network_address", "From the network address"),
    ("agent", "With the browser"),
    ("by", "Written down by"),
    ("evidence", "Evidence of"),
    ("consent_at", "Agreed on"),
    ("confirmed_at", "Confirmed on"),
    ("purchase_at", "Bought on"),
    ("expires_at", "Ends on"),
    ("batch_id", "Import"),
)


def proof_page(document: Mapping[str, Any]) -> str:
    """Write a proof (`jobs.prove`) as a page."""
    jinja = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    jinja.filters["time"] = _time
    return jinja.from_string(_PAGE).render({**document, "labels": _LABELS})


def _time(text: str) -> str:
    """Return a time of the document as people write it, to the second."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S UTC}"
