"""Two of these programs write to each other, and acknowledge each other once."""

from pathlib import Path

from journey.program import Shop, until
from journey.test_front_desk import MAILBOX, ask
from ports import free_port

NAMES = ("one", "two")


def test_two_engines_that_acknowledge_each_other_stop_after_one_exchange(
    tmp_path: Path,
) -> None:
    # Each with keys of its own: with the same they would be one company's.
    shops = [Shop(tmp_path / name) for name in NAMES]
    ports = [free_port(), free_port()]
    try:
        for shop, name, own, other in zip(shops, NAMES, ports, ports[::-1], strict=True):
            domain = f"{name}.example"
            mailbox = {**MAILBOX, "address": f"support@{domain}"}
            inbox = {"smtp_port": own, "domains": [domain]}
            shop.make(other, inbox=inbox, **{"mailboxes.support": mailbox})
            shop.start()
        # In each somebody of the staff writes to the other's desk, as to any person.
        for shop, other in zip(shops, NAMES[::-1], strict=True):
            to = f"support@{other}.example"
            made = shop.json(
                "inbox", "new", "--from", to, "--subject", f"To {other}", "--by", "Kari"
            )
            text = shop.folder / "text"
            text.write_text("Do you have tents?\n", encoding="ascii")
            number = str(made["ticket"])
            shop.run("inbox", "reply", number, "--body", str(text), "--by", "Kari")
        until(lambda: all(map(_have_come, shops)), "letters and acknowledgements came")
        until(lambda: all(map(_all_left, shops)), "nothing is on the way")
        for shop in shops:
            _holds(shop)
    finally:
        for shop in shops:
            shop.end()


def _have_come(shop: Shop) -> bool:
    """Say whether the other's letter came and was understood, and its acknowledgement."""
    understood = "SELECT count(*) FROM incoming WHERE sorted_at IS NOT NULL"
    return ask(shop, understood)[0][0] >= 2


def _all_left(shop: Shop) -> bool:
    waiting = "SELECT count(*) FROM delivery WHERE state <> 'accepted'"
    return ask(shop, waiting) == [(0,)]


def _holds(shop: Shop) -> None:
    """Each has sent its letter and one acknowledgement, and owes nobody anything."""
    assert ask(shop, "SELECT kind, state FROM delivery ORDER BY kind") == [
        ("acknowledgement", "accepted"), ("reply", "accepted"),
    ]  # fmt: skip
    assert ask(shop, "SELECT count(*) FROM incoming") == [(2,)]
