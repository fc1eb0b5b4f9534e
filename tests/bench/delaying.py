"""A relay that is far away, as a program: `delaying.py PORT TARGET_PORT ROUND_TRIP_MS`.

It passes everything on between two ports of loopback, half of a round trip late each way.
"""

import asyncio
import collections
import sys


class _Late(asyncio.Protocol):
    """One end: what comes in goes out at the other end, a while later and in order."""

    def __init__(self, delay_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._delay_s = delay_s
        self._waiting: collections.deque[tuple[float, bytes | None]] = collections.deque()
        self._transport: asyncio.Transport | None = None
        self.other: _Late | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._later(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._later(None)

    def _later(self, data: bytes | None) -> None:
        at = self._loop.time() + self._delay_s
        self._waiting.append((at, data))
        if len(self._waiting) == 1:
            self._loop.call_at(at, self._pass_on)

    def _pass_on(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._loop.time():
            _, data = self._waiting.popleft()
            if self.other is not None:
                self.other.put(data)
        if self._waiting:
            self._loop.call_at(self._waiting[0][0], self._pass_on)

    def put(self, data: bytes | None) -> None:
        """Write what came in at the other end; None ends this one."""
        if self._transport is None:
            return
        if data is None:
            self._transport.close()
        else:
            self._transport.write(data)


async def main(port: int, target: int, round_trip_ms: float) -> None:
    """Listen until killed."""
    loop = asyncio.get_running_loop()
    delay_s = round_trip_ms / 2000
    joining: set[asyncio.Task[None]] = set()

    async def join(near: _Late) -> None:
        _, far = await loop.create_connection(lambda: _Late(delay_s), "127.0.0.1", target)
        near.other, far.other = far, near

    def accept() -> _Late:
        near = _Late(delay_s)
        task = loop.create_task(join(near))
        joining.add(task)
        task.add_done_callback(joining.discard)
        return near

    server = await loop.create_server(accept, "127.0.0.1", port, backlog=1000)
    print("listens", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
