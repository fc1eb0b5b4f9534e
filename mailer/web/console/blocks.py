"""/console/blocks: who is not heard any more, and how they are heard again."""

from starlette.requests import Request
from starlette.responses import Response

from mailer.errors import RefusedError
from mailer.jobs import blocks as jobs
from mailer.model.staff import Deed
from mailer.store.staff import note_deed
from mailer.web.console.door import led_to, shared
from mailer.web.console.means import Office, Visit
from mailer.web.console.words import SAID


async def show(request: Request, office: Office, visit: Visit) -> Response:
    """List who is blocked."""
    found = await office.working.do(lambda: jobs.all_blocks(office.database))
    said = SAID.get(request.query_params.get("said", ""), "")
    values = {**shared(visit), "blocks": found, "said": said}
    return office.looks.page("blocks", values, office.clock())


async def lift(request: Request, office: Office, visit: Visit) -> Response:
    """Hear somebody again."""
    del request
    if not visit.staff.may(Deed.WORK):
        raise RefusedError("your role may not do this")
    value, now = visit.form.get("value", ""), office.clock()

    def do() -> None:
        jobs.unblock(office.database, value)
        with office.database.write() as connection:
            note_deed(connection, visit.staff.name, "unblock", now, network=visit.network)

    await office.working.do(do)
    return led_to(office, "/blocks", {"said": "unblock"})
