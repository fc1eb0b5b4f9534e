"""Handing letters over on one line, as fast as honesty allows.

With PIPELINING (RFC 2920) the envelope of the next letter rides in the same write as the
content of the current one: an envelope binds nobody. The content itself waits until its own
354 has come, the previous letter's final answer has come, and `may_leave` says that the
letter is on record as `sending`. So a line has at most one letter in doubt when it breaks.

A letter that is held back after its 354 is never ended with a lone dot, which would deliver
an empty letter: the connection is dropped.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from mailer.model.letter import Letter
from mailer.model.outcome import InDoubt, Outcome, Refused, Released, Reply, Stage
from mailer.triage import reply as judge
from mailer.wire.envelope import envelope, stuffed
from mailer.wire.line import Line, RelayAddress, open_line
from mailer.wire.replies import Expected


class Errand(Protocol):
    """Something with a letter to hand over."""

    @property
    def letter(self) -> Letter:
        """Its envelope and bytes."""
        ...

    @property
    def provider(self) -> str:
        """Whose letters it is counted among; "" for nobody's."""
        ...

    @property
    def at_most(self) -> int:
        """How many of those one connection carries; 0 for no limit of their own."""
        ...

    nth: int


E = TypeVar("E", bound=Errand)

_ALL_WELL = [250, 250, 354]
"""What nearly every relay answers to nearly every envelope."""


class Desk(Protocol[E]):
    """Where errands come from and outcomes go to; throttle and lease are settled here."""

    async def take(self) -> E | None:
        """Wait for the next errand; None ends the line in peace."""
        ...

    def take_now(self) -> E | None:
        """Return the next errand if there is one this moment."""
        ...

    async def may_leave(self, errand: E) -> bool:
        """Put it on record as `sending`; False when it may not leave (any more)."""
        ...

    def settle(self, errand: E, outcome: Outcome) -> None:
        """Keep what came of it for the next commit."""
        ...


@dataclass(slots=True)
class _Begun(Generic[E]):
    """An errand whose envelope was written, and the answers that it waits for."""

    errand: E
    answers: Expected


def _goes_on(expected: Expected) -> bool:
    return any(reply.positive or reply.intermediate for reply in expected.replies)


class Courier(Generic[E]):
    """Hands over one desk's errands on one line, until either ends."""

    def __init__(self, line: Line, desk: Desk[E], letters_at_most: int) -> None:
        self._line = line
        self._desk = desk
        self._letters_at_most = letters_at_most
        self._reset_due = False
        self._carried: dict[str, int] = {}

    async def work(self) -> Released | None:
        """Hand over letters until there are none; return the relay's trouble, if any."""
        if self._line.broken:
            # It said what it offers and hung up: it is to be left alone for a while.
            return Released(Reply(0, "", self._line.broken), Stage.EHLO)
        begun = await self._next()
        while begun is not None:
            verdict = await self._envelope(begun)
            if verdict is None:
                if not await self._desk.may_leave(begun.errand):
                    self._line.abort("a letter was held back after its 354")
                    return None
                outcome, following = await self._content(begun.errand)
            else:
                outcome, following = verdict, None
                self._reset_due = True
            self._desk.settle(begun.errand, outcome)
            if (trouble := self._trouble(outcome)) is not None:
                if following is not None:
                    self._desk.settle(following.errand, trouble)
                return trouble
            begun = following or await self._next()
        await self._line.quit()
        return None

    def _trouble(self, outcome: Outcome) -> Released | None:
        if isinstance(outcome, Released):
            self._line.abort("the relay is in trouble")
            return outcome
        if self._line.broken:
            return Released(Reply(0, "", self._line.broken), Stage.CONTENT)
        return None

    async def _next(self) -> _Begun[E] | None:
        while self._line.letters < self._letters_at_most and not self._line.broken:
            errand = await self._desk.take()
            if errand is None:
                return None
            if (begun := await self._begin(errand)) is not None:
                return begun
        return None

    async def _begin(self, errand: E) -> _Begun[E] | None:
        """Write an envelope; None when it was refused by us and is settled."""
        if (prepared := self._envelope_bytes(errand)) is None:
            return None
        reset = b"RSET\r\n" if self._reset_due else b""
        self._reset_due = False
        if reset:
            # An unfinished transaction would make the next MAIL a 503 (RFC 5321 §4.1.4).
            reset_answer = self._line.expect(1, self._line.timeouts.envelope_s)
            if not self._line.features.pipelining:
                self._line.write(reset)
                reset = b""
                await reset_answer.done
        if self._line.features.pipelining:
            self._line.write(reset + b"".join(prepared) + b"DATA\r\n")
            answers = self._line.expect(3, self._line.timeouts.envelope_s)
        else:
            answers = await self._one_by_one(prepared)
        return _Begun(errand, answers)

    def abort(self, why: str) -> None:
        """Drop the connection at once: nothing that was begun is completed."""
        self._line.abort(why)

    def _envelope_bytes(self, errand: E) -> tuple[bytes, bytes] | None:
        prepared = self._for_nobody_else(errand) or envelope(
            errand.letter, self._line.features
        )
        if isinstance(prepared, tuple):
            self._line.letters += 1
            if errand.provider:
                self._count(errand)
            return prepared
        self._desk.settle(errand, prepared)
        return None

    def _count(self, errand: E) -> None:
        """Count a letter to its provider; after as many as it likes the line ends."""
        errand.nth = self._carried[errand.provider] = (
            self._carried.get(errand.provider, 0) + 1
        )
        if errand.at_most and errand.nth >= errand.at_most:
            self._letters_at_most = 0

    def _for_nobody_else(self, errand: E) -> Refused | None:
        """Refuse whatever is not for the one address that this line may write to, if any.

        Letters are readdressed when they are composed; this holds whatever is wrong there.
        """
        only_to = self._line.only_to
        if not only_to or errand.letter.recipient == only_to:
            return None
        words = f"this is a rehearsal: letters go to {only_to} and to nobody else"
        return Refused(Reply(0, "", words), Stage.RCPT)

    async def _one_by_one(self, prepared: tuple[bytes, bytes]) -> Expected:
        """Speak an envelope to a relay without PIPELINING: each command after an answer."""
        replies: list[Reply] = []
        for command, timeout_s in (
            (prepared[0], self._line.timeouts.envelope_s),
            (prepared[1], self._line.timeouts.envelope_s),
            (b"DATA\r\n", self._line.timeouts.data_s),
        ):
            self._line.write(command)
            expected = self._line.expect(1, timeout_s)
            await expected.done
            replies += expected.replies
            if not _goes_on(expected):
                break
        return self._line.came(replies)

    async def _envelope(self, begun: _Begun[E]) -> Outcome | None:
        """Judge the answers to an envelope; None when the content may follow."""
        await begun.answers.done
        replies = begun.answers.replies
        if [one.code for one in replies] == _ALL_WELL:
            return None
        judges = (judge.about_sender, judge.about_recipient, judge.about_data)
        verdict = None
        for judged, answer in zip(judges, replies, strict=False):
            verdict = judged(answer)
            if verdict is not None:
                break
        if verdict is not None:
            # Whatever follows, an answer already received stands.
            if len(replies) == 3 and replies[2].code == 354:  # noqa: PLR2004 - all three
                self._line.abort("the relay waits for content without a recipient")
            return verdict
        if len(replies) < 3:  # noqa: PLR2004 - MAIL, RCPT, DATA
            stage = (Stage.MAIL, Stage.RCPT, Stage.DATA)[len(replies)]
            return Released(Reply(0, "", self._line.broken), stage)
        return None

    async def _content(self, errand: E) -> tuple[Outcome, _Begun[E] | None]:
        """Write the content, and behind it the next envelope; return what came of it."""
        line = self._line
        if line.broken:
            # While it was put on record: not a byte of it was written, nothing is in doubt.
            return Released(Reply(0, "", line.broken), Stage.DATA), None
        final = line.expect(1, line.timeouts.content_s)
        pieces: tuple[bytes, ...] = stuffed(errand.letter)
        following = None
        if line.features.pipelining and line.letters < self._letters_at_most:
            errand_ahead = self._desk.take_now()
            prepared = self._envelope_bytes(errand_ahead) if errand_ahead else None
            if errand_ahead is not None and prepared is not None:
                pieces = (*pieces, *prepared, b"DATA\r\n")
                following = _Begun(errand_ahead, line.expect(3, line.timeouts.envelope_s))
        line.write(b"".join(pieces))
        await final.done
        if not final.replies:
            return InDoubt(Reply(0, "", line.broken)), following
        return judge.about_content(final.replies[0]), following


class RelayWay:
    """The way to a relay: each courier has a line of its own."""

    def __init__(self, address: RelayAddress, letters_at_most: int) -> None:
        self._address = address
        self._letters_at_most = letters_at_most

    async def open(self, desk: Desk[E]) -> Courier[E] | Released:
        """Open a line for a courier; what goes wrong is the relay's trouble."""
        line = await open_line(self._address)
        if isinstance(line, Released):
            return line
        return Courier(line, desk, self._letters_at_most)
