"""Messages between two processes of ours: framed, in order, until one of them ends.

The end of a process is the end of its channels, however it ended.
"""

import contextlib
import socket
import struct
from typing import Self

_SIZE = struct.Struct("!I")
_READ_AT_MOST = 1 << 18


class Channel:
    """One end of a channel.

    It may be given to a process that is being started (`multiprocessing` with `spawn`).
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = b""

    @classmethod
    def pair(cls) -> tuple[Self, Self]:
        """Make the two ends of a new channel."""
        ours, theirs = socket.socketpair()
        return cls(ours), cls(theirs)

    def __reduce__(self) -> tuple[type[Self], tuple[socket.socket]]:
        return type(self), (self._end,)

    def fileno(self) -> int:
        """Return what a selector or a loop waits for."""
        return self._end.fileno()

    def send(self, message: bytes) -> None:
        """Send a message; waits while the other end is far behind.

        Raises:
            OSError: the other end is gone.
        """
        self._end.sendall(_SIZE.pack(len(message)) + message)

    def receive(self) -> list[bytes] | None:
        """Wait until something comes and return the messages that are whole; None ends."""
        try:
            data = self._end.recv(_READ_AT_MOST)
        except ConnectionError:
            return None
        if not data:
            return None
        data = self._rest + data
        at, messages = 0, list[bytes]()
        while len(data) >= at + _SIZE.size:
            (size,) = _SIZE.unpack_from(data, at)
            if len(data) < at + _SIZE.size + size:
                break
            at += _SIZE.size
            messages.append(data[at : at + size])
            at += size
        self._rest = data[at:]
        return messages

    def gone(self) -> bool:
        """Say whether the other end is gone and all that it sent is received."""
        try:
            return not self._end.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def lend(self, channel: "Channel") -> None:
        """Hand the end of another channel to the process at the other end of this one.

        Raises:
            OSError: the other end is gone.
        """
        socket.send_fds(self._end, [b"!"], [channel.fileno()])

    def borrowed(self) -> "Channel | None":
        """Wait for an end that the other process hands over; None when it is gone."""
        try:
            data, ends, _, _ = socket.recv_fds(self._end, 1, 1)
        except ConnectionError:
            return None
        return Channel(socket.socket(fileno=ends[0])) if data and ends else None

    def close(self) -> None:
        """Close this end; the other hears of it."""
        with contextlib.suppress(OSError):
            self._end.close()
