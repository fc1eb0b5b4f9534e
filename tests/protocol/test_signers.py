"""A process that signs gives what the key itself gives, or says that it is gone."""

import asyncio
import hashlib
import os
import signal

import pytest
from signatures import KEY, SIGNER

from mailer.jobs.signers import SignerLostError, SignerProcess


def test_a_process_signs_as_the_key_itself_does_until_it_is_gone() -> None:
    digests = [hashlib.sha256(bytes([number])).digest() for number in range(60)]

    async def run() -> list[bytes]:
        process = SignerProcess([KEY])
        process.listen()
        signatures = await asyncio.gather(*(process.sign(0, one) for one in digests))
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(SignerLostError):
            await process.sign(0, digests[0])
        assert process.lost
        assert process.asked == 0
        process.close()
        return signatures

    assert asyncio.run(run()) == [SIGNER.signature(one) for one in digests]
