"""What we start is out of a terminal's reach from its first moment on."""

import multiprocessing
import os
import signal
from multiprocessing.synchronize import Event

from mailer.jobs.spawning import ignore_ctrl_c, out_of_reach


def wait_until_told(told: Event) -> None:
    ignore_ctrl_c()
    told.wait()


def test_ctrl_c_does_not_reach_a_process_that_is_still_loading():
    context = multiprocessing.get_context("spawn")
    told = context.Event()
    process = context.Process(target=wait_until_told, args=(told,))
    with out_of_reach():
        process.start()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGINT)
    told.set()
    process.join()
    assert process.exitcode == 0


def test_ctrl_c_reaches_who_started_it():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with out_of_reach():
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
