"""A sink that counts copies, as a program: `counting_sink.py PORT KEEP`.

It is asked on its stdin, a word a line, and answers with a line of JSON.
"""

import asyncio
import json
import sys
from typing import Any

from mailer.wire.sink import Received, Sink


async def main(port: int, keep: int) -> None:
    """Print the port, then answer each line of stdin with one line of JSON."""
    kept: list[Received] = []
    letters = 0

    def take(received: Received) -> None:
        nonlocal letters
        letters += 1
        if len(kept) < keep:
            kept.append(received)

    sink = Sink(on_letter=take)
    _say({"port": await sink.start(port)})
    loop = asyncio.get_running_loop()
    while question := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        match question:
            case "counts":
                _say({"letters": letters, "open": sink.open_now})
            case "seen":
                _say(dict(sink.seen))
            case "kept":
                _say({"letters": [one.content.decode("latin-1") for one in kept]})
            case _:
                raise SystemExit(f"what is {question!r}?")


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
