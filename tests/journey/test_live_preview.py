"""The live preview as a program: a saved file is heard of, Ctrl-C ends it at once."""

import http.client
import os
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from journey.program import DEADLINE_S, MAILER
from worlds import make_workspace


def _change(answer: http.client.HTTPResponse) -> bytes:
    """Return the next change that a stream tells of; what stands between are chunks."""
    while not (line := answer.fp.readline()).startswith(b"data: "):
        assert line
    return line


def test_a_saved_file_is_heard_of_and_shown_and_ctrl_c_ends_it_in_peace(tmp_path: Path):
    with make_workspace(tmp_path):
        pass
    order = (*MAILER, "-w", str(tmp_path), "template", "preview", "autumn-sale", "--serve")
    running = subprocess.Popen(
        order, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    assert running.stdout is not None
    place = urlsplit(running.stdout.readline().strip())
    assert place.hostname == "127.0.0.1"
    stream = http.client.HTTPConnection(place.netloc, timeout=DEADLINE_S)
    stream.request("GET", f"{place.path}changes")
    answer = stream.getresponse()
    assert answer.getheader("Content-Type", "").startswith("text/event-stream")
    first = _change(answer)
    body = tmp_path / "templates/mail/autumn-sale/body.html"
    body.write_text(body.read_text().replace("Dear ", "Very dear "))
    assert _change(answer) != first
    letter = http.client.HTTPConnection(place.netloc, timeout=DEADLINE_S)
    letter.request("GET", f"{place.path}letter")
    assert "Very dear Ingrid" in letter.getresponse().read().decode()
    letter.close()
    # A page is still open: it keeps nobody waiting.
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=DEADLINE_S)
    stream.close()
    assert running.returncode == 0, said
    assert "Traceback" not in said


def test_a_port_that_is_taken_and_a_template_that_is_not_there_are_said(tmp_path: Path):
    with make_workspace(tmp_path):
        pass
    order = (*MAILER, "-w", str(tmp_path), "template", "preview", "--serve")
    done = subprocess.run((*order, "autum"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no template 'autum'; did you mean 'autumn-sale'?" in done.stderr
