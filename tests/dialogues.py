"""Dialogues with a relay, as text files: what it does otherwise than on a good day.

A file has what must come of the campaign, and then what the relay does at which command:

    # It hangs up after the final dot: nobody knows whether it took the letter.
    outcome: 3 accepted, 1 in_doubt
    attempts: 1 in_doubt at content

    C: . of 1
    S: [one of close, reset, silence]

`C:` is a command (`connect`, `EHLO`, `STARTTLS`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `content`
for a letter's first bytes, `.` for its end, `RSET`, `QUIT`), `of 1` that it is about the
first letter. They are waited for in this order, each once or `every time`; to whatever else
comes the relay answers as on a good day, and so it does when `S:` says `[ok]`. The other
words in brackets are ways to answer badly; `[one of ...]` makes a dialogue of each.

A line of the head may hold in some cases alone: `outcome when drip, pipelined: 4 accepted`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from mailer.wire.sink import Answer, Drip, Mischief, Received, Step

FOLDER = Path(__file__).parent / "samples/dialogues"

_COMMAND = re.compile(r"C: (?P<verb>\S+)(?: of (?P<letter>\d+))?(?P<always>, every time)?")
_ONE_OF = re.compile(r"\[one of ([^\]]+)\]")
_VERB = re.compile(r"\[(\w+)\](?: (.*))?")
_NUMBER = re.compile(r"\+(\d+)@")
_STEPS = {
    "connect": Step.BANNER,
    "content": Step.BODY,
    ".": Step.CONTENT,
    **{step.value.upper(): step for step in Step if step not in (Step.BANNER, Step.BODY)},
}
_GOOD = {
    Step.BANNER: "220 relay.example.com ESMTP",
    Step.EHLO: "250 relay.example.com",
    Step.STARTTLS: "220 2.0.0 ready",
    Step.AUTH: "235 2.7.0 welcome",
    Step.DATA: "354 go ahead",
    Step.QUIT: "221 2.0.0 bye",
}


@dataclass
class Turn:
    """What the relay does once (or every time) at a command."""

    step: Step
    letter: int
    always: bool
    said: list[str] = field(default_factory=list[str])

    def fits(self, step: Step, received: Received) -> bool:
        return step is self.step and self.letter in {0, number_of(received)}

    def answer(self, offered: str) -> Answer:
        """Return what a sink is to do."""
        words: list[str] = []
        for said in self.said:
            match = _VERB.fullmatch(said)
            if match is None:
                words.append(said)
                continue
            good = match[2] or (offered if self.step is Step.EHLO else "")
            good = good or _GOOD.get(self.step, "250 2.0.0 ok")
            match match[1]:
                case "ok":
                    words.append(good)
                case "drip":
                    return Drip(good)
                case "trickle":
                    return Drip("250-", every_s=0.01, ends=False)
                case "garbage":
                    return b"\xff\xfe what?"
                case "flood":
                    return b"250-" + b"x" * 100_000
                case way:
                    mischief = _MISCHIEF[way]
                    return ("\r\n".join(words), mischief) if words else mischief
        return "\r\n".join(words)


_MISCHIEF = {
    "close": Mischief.HANG_UP,
    "reset": Mischief.RESET,
    "silence": Mischief.SILENCE,
}


@dataclass
class Dialogue:
    """A dialogue, in one of its ways."""

    name: str
    way: str
    head: list[tuple[frozenset[str], str, str]]
    turns: list[Turn]
    pipelined: bool = True

    def __str__(self) -> str:
        return f"{self.name}-{self.way}" if self.way else self.name

    def says(self, key: str, default: str = "") -> str:
        """Return what the head says, for this case."""
        case = {self.way, "pipelined" if self.pipelined else "one at a time"}
        for needed, name, value in reversed(self.head):
            if name == key and needed <= case:
                return value
        return default

    def begun(self, *, pipelined: bool) -> "Dialogue":
        """Return it as it is at its beginning, with a relay of one kind or the other."""
        return replace(self, turns=list(self.turns), pipelined=pipelined)

    @property
    def offers(self) -> tuple[str, ...]:
        """What the relay offers in EHLO."""
        offered = self.says("offers", "SIZE 10000000, 8BITMIME, SMTPUTF8").split(", ")
        return (*(["PIPELINING"] if self.pipelined else []), *offered)

    def counts(self, key: str) -> dict[str, int]:
        """Return counted words of the head: `3 accepted, 1 in_doubt`."""
        parts = self.says(key, "none").removeprefix("none").split(", ")
        pairs = (part.partition(" ") for part in parts if part)
        return {words: int(count) for count, _, words in pairs}

    def rule(self, step: Step, received: Received) -> Answer:
        """Answer as the file says."""
        turn = next((one for one in self.turns if one.always), None)
        if turn is None or not turn.fits(step, received):
            turn = next((one for one in self.turns if not one.always), None)
            if turn is None or not turn.fits(step, received):
                return _GOOD[step] if step is Step.AUTH else None
            self.turns.remove(turn)
        return turn.answer(self._offered)

    @property
    def _offered(self) -> str:
        lines = ["relay.example.com", *self.offers]
        if self.says("tls"):
            lines.append("STARTTLS")
        return "\r\n".join([f"250-{one}" for one in lines[:-1]] + [f"250 {lines[-1]}"])

    @property
    def unplayed(self) -> list[Turn]:
        """What it never came to."""
        return [one for one in self.turns if not one.always]


def number_of(received: Received) -> int:
    """Return which letter it is, as its return path says (0: none)."""
    match = _NUMBER.search(received.sender)
    return int(match[1]) if match else 0


def dialogues(folder: Path = FOLDER) -> list[Dialogue]:
    """Read all of them, each in each of its ways."""
    files = sorted(folder.glob("*.txt"))
    return [one for file in files for one in _read(file.stem, file.read_text("utf-8"))]


def _read(name: str, text: str) -> Iterator[Dialogue]:
    if several := _ONE_OF.search(text):
        for way in several[1].split(", "):
            for one in _read(name, text.replace(several[0], f"[{way}]", 1)):
                yield replace(one, way=way)
        return
    head: list[tuple[frozenset[str], str, str]] = []
    turns: list[Turn] = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("S: "):
            turns[-1].said.append(line[3:])
        elif match := _COMMAND.fullmatch(line):
            letter = int(match["letter"] or 0)
            turns.append(Turn(_STEPS[match["verb"]], letter, bool(match["always"])))
        else:
            key, _, value = line.partition(": ")
            key, _, cases = key.partition(" when ")
            head.append((frozenset(cases.split(", ")) - {""}, key, value))
    yield Dialogue(name, "", head, turns)
