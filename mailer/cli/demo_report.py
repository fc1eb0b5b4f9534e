"""What must hold at the end of the demonstration: our book against the server's."""

from collections.abc import Sequence

from mailer.jobs.campaigns import Status
from mailer.jobs.demo_server import DemoServer
from mailer.model.delivery import DeliveryState
from mailer.store.deliveries import DeliveryView

_S = DeliveryState
_ENDED = (_S.ACCEPTED, _S.REFUSED, _S.EXPIRED, _S.WITHHELD, _S.IN_DOUBT)


def checks(
    found: Status,
    listed: Sequence[DeliveryView],
    server: DemoServer,
    left_before: Sequence[str],
    left_after: Sequence[str],
) -> dict[str, bool]:
    """Return what must hold, in words with the figures, and whether it does.

    Args:
        listed: Every delivery of the campaign.
        left_before: Who had left by one click before the letter did.
        left_after: Who left by the link in the letter.
    """
    counts, planned, post = found.counts, found.campaign.planned, server.post
    total = sum(counts[state] for state in _ENDED)
    shown = " + ".join(f"{counts[state]} {_words(state)}" for state in _ENDED)
    accepted = {one.address for one in listed if one.state is _S.ACCEPTED}
    withheld = {one.address for one in listed if one.state is _S.WITHHELD}
    took, doubts = len(post.links), counts[_S.IN_DOUBT]
    return {
        f"{planned} planned = {shown}": planned == total == len(listed),
        (
            f"{took} letters that the server has = {len(accepted)} accepted"
            f" + {post.kept_in_silence} in doubt that arrived"
        ): took == len(accepted) + post.kept_in_silence and accepted <= post.links.keys(),
        (
            f"{doubts} in doubt = {post.kept_in_silence + post.lost} times that the"
            " server hung up on a letter"
        ): doubts == post.kept_in_silence + post.lost,
        f"no letter came twice: {server.copies_at_most} copy of each at most": (
            server.copies_at_most == 1
        ),
        (
            f"{len(withheld)} withheld = {len(left_before)} who left before their letter"
            " did, and got none"
        ): (
            bool(withheld)
            and set(left_before) == withheld
            and not withheld & post.links.keys()
        ),
        f"{len(left_after)} left by the link in their letter": (
            bool(left_after) and set(left_after) <= accepted | set(post.links)
        ),
        f"{post.put_off} times a letter was put off for later, and then settled": (
            bool(post.put_off)
        ),
    }


def _words(state: DeliveryState) -> str:
    return state.value.replace("_", " ")
