"""A name server on loopback that knows what a test tells it, and nothing of the world."""

import contextlib
import socket
import threading
from collections.abc import Generator, Mapping, Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Records = Mapping[tuple[str, str], Sequence[str]]
"""(name, type) → what its records say, as in the file of a zone."""


def _answer(
    asked: dns.message.Message, records: Records, broken: str
) -> dns.message.Message:
    told = dns.message.make_response(asked)
    told.flags |= dns.flags.RA
    (question,) = asked.question
    name = question.name.to_text(omit_final_dot=True).lower()
    kind = question.rdtype.name
    if broken and name.endswith(broken):
        told.set_rcode(dns.rcode.SERVFAIL)
    elif found := records.get((name, kind)):
        told.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
    elif name not in {known for known, _ in records}:
        told.set_rcode(dns.rcode.NXDOMAIN)
    return told


def _serve(listening: socket.socket, records: Records, broken: str) -> None:
    while True:
        packet, who = listening.recvfrom(4096)
        if not packet:
            return
        told = _answer(dns.message.from_wire(packet), records, broken)
        listening.sendto(told.to_wire(), who)


@contextlib.contextmanager
def name_server(records: Records, *, broken: str = "") -> Generator[str]:
    """Run it, and give its address; names that end with `broken` are a failure of its."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(listening, records, broken))
        thread.start()
        place = listening.getsockname()
        try:
            yield f"127.0.0.1:{place[1]}"
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
                ending.sendto(b"", place)
            thread.join()
