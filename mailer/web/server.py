"""The web server, in the daemon's own event loop: no signals, no workers, no access log."""

import asyncio
import errno
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette

from mailer.errors import ConfigError

GRACE_S = 10
"""How long answers that were begun may take to end when the program is stopped."""

_CONNECTIONS = 400
"""More are answered 503 at once: senders need the process's file numbers too."""

_log = logging.getLogger("uvicorn.error")


def _nobody_waits(port: int) -> None:
    del port


async def serve_web(
    app: Starlette,
    host: str,
    port: int,
    stop: asyncio.Event,
    listening: Callable[[int], None] = _nobody_waits,
) -> None:
    """Serve the pages until `stop` is set; answers that were begun are ended first.

    Args:
        port: 0 takes a free one.
        listening: Hears the port once connections are taken.

    Raises:
        ConfigError: when the address cannot be listened on; says what to do.
    """
    server = _Server(
        uvicorn.Config(
            app,
            host,
            port,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=GRACE_S,
        ),
        listening,
    )
    stopping = asyncio.create_task(_stop(server, stop))
    try:
        await server.serve()
    except asyncio.CancelledError:
        server.force_exit = True
        if server.started:
            await server.shutdown()
        raise
    finally:
        stopping.cancel()


async def _stop(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


class _Server(uvicorn.Server):
    """Uvicorn without signal handlers of its own, which says when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[int], None]) -> None:
        super().__init__(config)
        self._listening = listening

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals to the daemon."""
        yield

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Listen, or say why that is not possible where uvicorn would end the process."""
        level = _log.level
        # It would report the error as well.
        _log.setLevel(logging.CRITICAL)
        try:
            await super().startup(sockets)
        except SystemExit as ended:
            raise _cannot_listen(self.config, ended.__context__) from ended.__context__
        finally:
            _log.setLevel(level)
        self._listening(self.servers[0].sockets[0].getsockname()[1])


def _cannot_listen(config: uvicorn.Config, cause: BaseException | None) -> ConfigError:
    number = cause.errno if isinstance(cause, OSError) else None
    host = f"[{config.host}]" if ":" in config.host else config.host
    words, todo = _REASONS.get(
        number, (str(cause), "set listen_host and listen_port to what this machine has")
    )
    return ConfigError(
        f"config.toml, [site]: the web server cannot listen on {host}:{config.port}:"
        f" {words}: {todo}"
    )


_REASONS: dict[int | None, tuple[str, str]] = {
    errno.EADDRINUSE: (
        "another program does",
        "end it (`mailer serve` may run already), or set another listen_port",
    ),
    errno.EADDRNOTAVAIL: (
        "this machine has no such address",
        "set listen_host to one that it has, such as 127.0.0.1",
    ),
    errno.EACCES: (
        "this user may not",
        "set a listen_port of 1024 or more, and let a proxy forward 443 to it",
    ),
}
