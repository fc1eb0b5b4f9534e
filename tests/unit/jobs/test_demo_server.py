"""The demonstration's mail server waits until its readers have left."""

import smtplib
import threading
import time

from mailer.jobs.demo_server import DemoServer

_LETTERS = 90
_LETTER = b"List-Unsubscribe: <http://127.0.0.1/u/x>\r\n\r\nHello\r\n"


def _send(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        for number in range(_LETTERS):
            address = f"reader{number}@fjordpost.example.com"
            client.sendmail("shop@example.com", address, _LETTER)


def test_it_reads_no_further_until_told_to_go_on_and_then_takes_everything() -> None:
    server = DemoServer()
    server.start()
    sending = threading.Thread(target=_send, args=(server.port,))
    sending.start()
    try:
        while not server.sink.held:
            assert sending.is_alive()
            time.sleep(0.01)
        assert len(server.post.links) <= 60
        server.go_on()
        sending.join()
        assert len(server.post.links) == _LETTERS
    finally:
        server.stop()


def test_who_says_go_on_at_once_is_never_held_up() -> None:
    server = DemoServer()
    server.start()
    server.go_on()
    try:
        _send(server.port)
        assert len(server.post.links) == _LETTERS
        assert not server.sink.held
    finally:
        server.stop()
