"""Reading ahead in a process of its own, so that a second processor has something to do.

Reading and checking a row takes as long as a third of writing it. A small file is read
where it is written: starting a process takes longer than that.
"""

import gc
import multiprocessing
import os
import pickle
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from queue import Queue
from threading import Thread
from typing import Protocol

from mailer.errors import ImportFileError
from mailer.jobs.import_people import Part, People, Ready
from mailer.jobs.spawning import ignore_ctrl_c, out_of_reach

WORTH_A_PROCESS = 20_000
"""Rows."""

_PARTS_AHEAD = 30
_END_WITHIN_S = 5

_Message = ImportFileError | tuple[Part, list[tuple[object, ...]]] | None
"""What is wrong with the file, some people, or the end.

The people travel as plain tuples, in half the time.
"""


class _Pipe(Protocol):
    """What both systems' pipes can do."""

    def recv(self) -> _Message: ...
    def send_bytes(self, buf: bytes, /) -> None: ...
    def close(self) -> None: ...


def read_parts(
    people: People, first: int = 0, rows: int = 0
) -> Generator[Part, None, None]:
    """Give what `People.parts` gives.

    Raises:
        ImportFileError: as that does, or when the reading process was ended from outside;
            what was imported until then stays, and the same command goes on.
    """
    if people.file.rows - first < WORTH_A_PROCESS:
        yield from people.parts(first, rows)
        return
    with _reading(people, first, rows) as ours:
        while (part := _receive(ours)) is not None:
            yield part


@contextmanager
def _reading(people: People, first: int, rows: int) -> Generator[_Pipe, None, None]:
    # A fork would copy our locks and the database's connections.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(theirs, people, first, rows), daemon=True)
    with out_of_reach():
        process.start()
    # Then the end of the process is the end of the pipe.
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.terminate()
        process.join(_END_WITHIN_S)


def _receive(ours: _Pipe) -> Part | None:
    try:
        message = ours.recv()
    except EOFError:
        raise ImportFileError(
            "the process that reads the file was ended from outside (was there too little"
            " memory?): what was imported until then stays; the same command goes on"
        ) from None
    if isinstance(message, ImportFileError):
        raise message
    if message is None:
        return None
    part, people = message
    return replace(part, people=list(map(Ready._make, people)))


def _read(theirs: _Pipe, people: People, first: int, rows: int) -> None:
    ignore_ctrl_c()
    gc.disable()
    ready: Queue[bytes | None] = Queue(_PARTS_AHEAD)
    sending = Thread(target=_send, args=(theirs, ready), daemon=True)
    sending.start()
    for message in _messages(people, first, rows):
        ready.put(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
    ready.put(None)
    sending.join()


def _messages(people: People, first: int, rows: int) -> Generator[_Message, None, None]:
    try:
        for part in people.parts(first, rows):
            yield replace(part, people=()), [tuple(one) for one in part.people]
            if part.ends:
                gc.collect()
        yield None
    except ImportFileError as problem:
        yield problem


def _send(theirs: _Pipe, ready: Queue[bytes | None]) -> None:
    """Send while the next are made: a pipe takes no more than a few people at a time."""
    while (message := ready.get()) is not None:
        try:
            theirs.send_bytes(message)
        except BrokenPipeError:
            # Nobody writes any more: end at once, whatever the other thread does.
            os._exit(0)
