"""What stands above every page, whatever its template: that this is a rehearsal, say."""

import re
from html import escape

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_NOTICE = """
<style>
  .notice { box-sizing: border-box; width: 100%; max-width: 34rem; margin: 0 0 1rem;
    padding: .75rem 1rem; border: 2px solid #8a5a00; border-radius: .65rem;
    background: #fff3d6; color: #3d2800; font: 600 1rem/1.45 system-ui, sans-serif; }
</style>
<p class="notice" role="note">{}</p>
"""


def with_notice(html: str, notice: str) -> str:
    """Return a page with a notice above all else in its body; "" is none.

    It is not left to the templates: a workspace's may be older, or have been rewritten.
    """
    if not notice:
        return html
    body = _BODY.search(html)
    place = body.end() if body else 0
    return f"{html[:place]}{_NOTICE.replace('{}', escape(notice))}{html[place:]}"
