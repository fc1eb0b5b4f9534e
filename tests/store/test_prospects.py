"""Who would get a campaign, asked while people come and go."""

from typing import Any

from audiences import NOW, add_people, content, see_list, suppress
from sqlalchemy import event

from mailer.jobs.audience import audiences_of
from mailer.store.database import Database
from mailer.store.prospects import groups


def test_who_is_held_back_only_meanwhile_stands_in_no_way(database: Database):
    with database.write() as connection:
        see_list(connection)
        add_people(connection, [1, 2])
    (audience,) = audiences_of(content(), NOW, None, "UTC", ask_needs=False)
    with database.read() as connection:
        asked: list[str] = []

        def say_no(*statement: Any) -> None:
            if not asked and "GROUP BY" in statement[2]:
                asked.append(statement[2])
                with database.write() as other:
                    suppress(other, 2)

        event.listen(connection, "after_cursor_execute", say_no)
        found = groups(connection, audience, NOW)
    assert asked
    assert found[0].reason == "gets_it"
    assert sum(len(group.first) for group in found) == 2
