"""Lists that people are on and that have no file any more: nothing goes to them."""

from mailer.jobs.check_workspace import Looked
from mailer.jobs.world import World
from mailer.model.separate import is_separate
from mailer.store.lists import all_lists
from mailer.store.subscriptions import somebody_is_on
from mailer.workspace.files import closed
from mailer.workspace.lists import KIND, list_names


def check_vanished(world: World) -> list[Looked]:
    """Name them; it is only advice, because their consents stay and nothing is lost."""
    if closed(world.folder, KIND):
        return []
    here = set(list_names(world.folder))
    with world.database.read() as connection:
        gone = [
            one.name
            for one in all_lists(connection).values()
            if one.name not in here
            and not is_separate(one.id)
            and somebody_is_on(connection, one.id)
        ]
    return [
        Looked(
            f"lists/{name}.toml",
            advice="the file is gone, and people are on the list: they stay on record and"
            " get nothing; bring it back unless that is meant",
        )
        for name in sorted(gone)
    ]
