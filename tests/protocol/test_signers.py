"""A process that signs gives what the key itself gives, or says that it is gone."""

import asyncio
import hashlib
import os
import signal

import pytest
from signatures import KEY, SIGNER

from mailer.jobs import signers
from mailer.jobs.signers import SignerLostError, SignerProcess

DIGEST = hashlib.sha256(b"").digest()


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


def test_a_process_that_was_stopped_is_given_up_and_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def run() -> None:
        process = SignerProcess([KEY])
        process.listen()
        assert await process.sign(0, DIGEST)
        os.kill(process.pid, signal.SIGSTOP)
        # From now on: to start it may take longer.
        monkeypatch.setattr(signers, "LOOK_EVERY_S", 0.2)
        asked = [process.sign(0, DIGEST) for _ in range(3)]
        ends = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in ends] == [SignerLostError] * 3
        assert process.lost
        process.close()

    asyncio.run(run())
