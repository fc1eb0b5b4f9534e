"""Whatever happens in whatever order: no letter without a standing consent, and a way back.

The machine keeps its own simple account of what each person said, and holds what really
leaves against it. It never asks the program who may be written to.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import audiences
from customers import SPECS, World, app_of, joining
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import delete, select
from starlette.testclient import TestClient

from mailer.errors import MailerError
from mailer.jobs.agreeing import agree, withdraw
from mailer.jobs.erase import erase
from mailer.jobs.import_contacts import ImportOrder, import_contacts
from mailer.jobs.plan import plan
from mailer.jobs.requests import Request, record
from mailer.jobs.sharing import give
from mailer.jobs.suppressions import Lifting, add, lift
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.consent import Act, Basis, How, SuppressionReason
from mailer.model.contact import Contact
from mailer.model.delivery import CauseKind
from mailer.model.kind import Kind, Lane, Scope
from mailer.model.mailinglist import Wording
from mailer.model.partner import Partner
from mailer.model.suppression import Suppression
from mailer.model.token import Reader, TokenKind
from mailer.store import owners
from mailer.store.claims import Claims
from mailer.store.contacts import find_contact
from mailer.store.contents import Recipient, queue_letter
from mailer.store.database import Database
from mailer.store.groups import Sheet, groups
from mailer.store.lists import all_lists
from mailer.store.tables import SignUpRow, SubscriptionRow, table
from mailer.workspace.lists import read_list

PARTNER = Partner("acme", "Acme", "Tours.", (Wording(1, "Yes, tell Acme."),))
PEOPLE = st.sampled_from(["kari", "ola"])
_examples = count(1)


@dataclass
class Said:
    """What one person said, as anybody would keep count of it.

    Args:
        agreed: She agreed, and has not taken it back.
        refused: She said no at some time, so that only she herself can come back.
        kept_off: Staff keep letters from her.
        asked: The sign-ups of hers that nobody has confirmed.
        shares: She agreed that a partner gets her data, and has not taken it back.
    """

    agreed: bool = False
    refused: bool = False
    kept_off: bool = False
    asked: list[int] = field(default_factory=list[int])
    shares: bool = False

    @property
    def may_be_written_to(self) -> bool:
        return self.agreed and not self.kept_off


class Sequences(RuleBasedStateMachine):
    """Imports, sign-ups, confirmations, every no, letters and sharing, in any order."""

    def __init__(self, world: World, folder: Path) -> None:
        super().__init__()
        self.world, self.folder = world, folder
        self.example = next(_examples)
        self.said = {name: Said() for name in ("kari", "ola")}
        self.campaigns: list[int] = []
        self.page = TestClient(app_of(world, folder=folder), "https://mail.example.com")
        self.news = read_list(str(folder), "news")
        self.around = joining(world, folder).world
        with world.database.write() as connection:
            self.owner = owners.register(connection, "here", self.example, world.now)
            self.number = all_lists(connection)["news"].number

    def address(self, name: str) -> str:
        return f"{name}{self.example}@example.com"

    def contact(self, name: str) -> Contact | None:
        with self.world.database.read() as connection:
            return find_contact(connection, self.address(name))

    @rule(name=PEOPLE)
    def is_imported(self, name: str) -> None:
        file = self.folder / f"{self.example}-{next(_examples)}.csv"
        # No two files are the same, else the second would be one that was imported before.
        file.write_text(f"email,name\n{self.address(name)},{file.stem}\n")
        order = ImportOrder(str(file), self.news, Basis.EXPRESS, "trade fair")
        import_contacts(
            self.world.database, self.world.ring, SPECS, order, lambda: self.world.now
        )
        said = self.said[name]
        said.agreed = said.agreed or not said.refused

    @rule(name=PEOPLE)
    def signs_up(self, name: str) -> None:
        # Confirmation letters to one address are few in a day.
        self.world.now += timedelta(days=1)
        before = self._sign_ups(name)
        answer = self.page.post("/join/news", data={"email": self.address(name)})
        assert answer.status_code == 200
        self.said[name].asked += [one for one in self._sign_ups(name) if one not in before]

    def _sign_ups(self, name: str) -> list[int]:
        found, rows = self.contact(name), table(SignUpRow)
        if found is None:
            return []
        with self.world.database.read() as connection:
            mine = select(rows.c.id).where(rows.c.contact_id == found.id)
            return list(connection.execute(mine).scalars())

    @rule(name=PEOPLE, which=st.integers(0, 3))
    def follows_a_confirmation_link(self, name: str, which: int) -> None:
        links = self._sign_ups(name)
        if links:
            self._confirm(name, links[which % len(links)])

    def _confirm(self, name: str, number: int) -> None:
        token = self.world.tokens.for_number(TokenKind.CONFIRM, number)
        self.page.get(f"/c/{token}")
        self.page.post(f"/c/{token}")
        said = self.said[name]
        if number in said.asked:
            said.asked.remove(number)
            said.agreed, said.refused, said.kept_off = True, False, False

    @rule(name=PEOPLE)
    def leaves_with_one_click(self, name: str) -> None:
        found = self.contact(name)
        if found is not None:
            reader = Reader(found.id, self.number, 1)
            unsubscribe(
                self.world.database, self.world.logbook, reader, How.ONE_CLICK,
                self.world.now,
            )  # fmt: skip
            self.said[name].agreed = False
            self.said[name].refused = True

    @rule(name=PEOPLE, act=st.sampled_from([Act.WITHDRAWN, Act.OBJECTED]))
    def says_no_by_phone(self, name: str, act: Act) -> None:
        request = Request(self.address(name), act, None, "phone", "Ola")
        record(self.world.database, self.world.logbook, request, self.world.now)
        self.said[name].agreed = self.said[name].shares = False
        self.said[name].refused = True

    @rule(name=PEOPLE)
    def agrees_to_share(self, name: str) -> None:
        found = self.contact(name)
        if found is not None:
            agree(self.around, found.id, PARTNER, None, None)
            self.said[name].shares = True

    @rule(name=PEOPLE, by_phone=st.booleans())
    def shares_no_more(self, name: str, *, by_phone: bool) -> None:
        found = self.contact(name)
        if by_phone:
            request = Request(self.address(name), Act.WITHDRAWN, PARTNER, "phone", "Ola")
            record(self.world.database, self.world.logbook, request, self.world.now)
        elif found is not None:
            withdraw(self.around, found, PARTNER)
        self.said[name].shares = False

    @rule()
    def a_partner_is_given_data(self) -> None:
        given = {one.address for page in give(self.around, PARTNER, "Ola") for one in page}
        for name, said in self.said.items():
            if self.address(name) in given:
                assert said.shares, (name, said)
                assert not said.kept_off, (name, said)

    @rule(name=PEOPLE)
    def is_erased(self, name: str) -> None:
        erase(
            self.world.database, self.world.logbook, self.address(name), "Ola",
            lambda: self.world.now, lambda _: None,
        )  # fmt: skip
        self.said[name] = Said(refused=True)

    @rule(name=PEOPLE)
    def is_kept_off_by_staff(self, name: str) -> None:
        kept = Suppression(
            Scope.MARKETING.value, SuppressionReason.MANUAL, self.world.now, None, "staff"
        )
        add(self.world.database, self.world.logbook, self.address(name), kept, "Ola")
        self.said[name].kept_off = True

    @rule(name=PEOPLE)
    def is_let_in_again_by_staff(self, name: str) -> None:
        try:
            lift(
                self.world.database, self.world.logbook, self.address(name),
                Lifting(None, "Ola"), self.world.now,
            )  # fmt: skip
        except MailerError:
            # Nothing is on record, or it is what she said herself.
            return
        self.said[name].kept_off = False

    @rule(at_once=st.booleans())
    def a_campaign_is_started(self, *, at_once: bool = False) -> None:
        content = replace(audiences.content(), mailing_list=self.news)
        with self.world.database.write() as connection:
            number = audiences.campaign(connection, content, due_at=self.world.now)
        plan(self.around, number)
        self.campaigns.append(number)
        if at_once:
            self.letters_leave()

    @rule(at_once=st.booleans())
    def a_journey_writes_to_everybody(self, *, at_once: bool) -> None:
        cause = CauseKind.JOURNEY, next(_examples)
        for name in self.said:
            if (found := self.contact(name)) is not None:
                to = Recipient(found.id, found.address, found.hash, rehearsal=False)
                with self.world.database.write() as connection:
                    queue_letter(
                        connection, cause, Kind.JOURNEY, to, self.world.now, "news"
                    )
        if at_once:
            self.letters_leave()

    @rule()
    def letters_leave(self) -> None:
        for name, left in self._leaving().items():
            assert not left or self.said[name].may_be_written_to, (name, self.said[name])

    def _leaving(self) -> dict[str, int]:
        """Let go whatever may leave; return how many letters to whom."""
        database, now = self.world.database, self.world.now
        with database.write() as connection:
            claims = Claims(connection, self.owner, timedelta(minutes=5))
            taken = claims.of_lane(connection, Lane.JOURNEYS, 99, now)
            for campaign in self.campaigns:
                taken += claims.of_campaign(connection, campaign, 99, now)
            found = claims.read(connection, taken)
        left = dict.fromkeys(self.said, 0)
        writing = groups(database)
        for claim in found:
            gone = writing.commit(Sheet.of([], [(claim.id, claim.fence)]), now, None)
            left[claim.address.split("@")[0].rstrip("0123456789")] += len(gone or ())
        writing.close()
        return left

    @rule(name=PEOPLE)
    def comes_back_by_herself(self, name: str) -> None:
        self._leaving()
        self.signs_up(name)
        if self.said[name].asked:
            self._confirm(name, self.said[name].asked[-1])
        # Who was on the list anyway, and whom nobody kept off, was asked nothing.
        self.a_campaign_is_started()
        assert self._leaving()[name] == 1, self.said[name]

    def teardown(self) -> None:
        # The next example's campaigns are for its own people.
        rows = table(SubscriptionRow)
        with self.world.database.write() as connection:
            for name in self.said:
                found = find_contact(connection, self.address(name))
                if found is not None:
                    connection.execute(delete(rows).where(rows.c.contact_id == found.id))


def test_no_sequence_lets_a_letter_leave_without_consent_and_everybody_can_come_back(
    database: Database, world: World, folder: Path
) -> None:
    class Here(Sequences):
        def __init__(self) -> None:
            super().__init__(world, folder)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=10 if database.is_sqlite else 2,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
