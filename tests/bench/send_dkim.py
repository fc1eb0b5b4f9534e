"""`send-dkim`: signed letters, against nothing but signing on each processor."""

import concurrent.futures
import json
import os
import statistics
import time
from pathlib import Path

from bench.figures import Figure, require
from bench.send import CONNECTIONS
from bench.shop import TEMPLATE, Shop
from bench.sinks import counting_sink, smtp_sink
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from ports import free_port
from signatures import Zone

NAMES = ("send-dkim",)
TARGET = 0.6
_KEPT = 100
_SIGNED_AT_A_TIME = 50
_COVERED = b"x" * 2_000


def run(folder: Path, scale: float) -> list[Figure]:
    """Send signed letters of 15 KB, with every state in one SQLite file."""
    shop = Shop(folder / NAMES[0], free_port(), relay={"connections": CONNECTIONS})
    people = shop.people("people.csv", max(500, int(10_000 * scale)))
    made = json.loads(shop.mailer("dkim", "new", "example.com", "--json"))
    with (shop.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[dkim."example.com"]\nselector = "{made["selector"]}"\n')
    _require_verified(shop, people, Zone({made["name"]: made["value"]}))
    key = _key(next((shop.folder / "dkim").glob("*/*.pem")))
    ours: list[float] = []
    signed: list[float] = []
    for _ in range(3):
        signed.append(_signatures_a_second(key, max(200, int(4_000 * scale))))
        ours.append(_letters_a_second(shop, people))
    value, baseline = statistics.median(ours), statistics.median(signed)
    ratio = statistics.median(a / b for a, b in zip(ours, signed, strict=True))
    note = f"{people:,} letters, {len(ours)} pairs, {_KEPT} verified by dkimpy"
    return [
        Figure(
            NAMES[0], value, "letters/s", baseline, ratio, f"ratio >= {TARGET}",
            ratio >= TARGET, note,
        )
    ]  # fmt: skip


def _key(file: Path) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    require(key.key_size == 2048, f"the key has {key.key_size} bits")
    return key


def _signatures_a_second(key: rsa.RSAPrivateKey, count: int) -> float:
    """Return how often `cryptography` signs in a second with a thread a processor."""

    def sign(times: int) -> None:
        for _ in range(times):
            key.sign(_COVERED, padding.PKCS1v15(), hashes.SHA256())

    shares = [_SIGNED_AT_A_TIME] * (count // _SIGNED_AT_A_TIME)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as threads:
        began = time.perf_counter()
        list(threads.map(sign, shares))
        return sum(shares) / (time.perf_counter() - began)


def _letters_a_second(shop: Shop, people: int) -> float:
    campaign = shop.start_campaign(TEMPLATE)
    with smtp_sink(shop.folder, shop.relay_port) as sink:
        with shop.running("--only", "send") as sender:
            shop.until_sent(campaign, sender, within_s=900)
        counts = shop.require_sums(campaign)
        require(counts == {"accepted": people}, f"not all were accepted: {counts}")
        require(sink.letters == people, f"the sink has {sink.letters}, {people} accepted")
    ((took_us,),) = shop.ask(
        "SELECT max(ended_at) - min(first_attempt_at) FROM delivery WHERE cause_id = ?",
        campaign,
    )
    return people / float(took_us) * 1e6


def _require_verified(shop: Shop, people: int, zone: Zone) -> None:
    """Send one campaign to a sink that looks at it: each letter once, and signed."""
    campaign = shop.start_campaign(TEMPLATE)
    with counting_sink(shop.relay_port, keep=people) as sink:
        with shop.running("--only", "send") as sender:
            shop.until_sent(campaign, sender, within_s=900)
        require(set(sink.seen.values()) == {1}, "a Message-ID came more than once")
        kept = sink.kept
    require(len(kept) == people, f"{len(kept)} of {people} letters came")
    for raw in kept:
        require(raw.startswith(b"DKIM-Signature: "), "a letter is not signed")
    for raw in kept[:: max(1, people // _KEPT)]:
        require(zone.verifies(raw), "a signature does not hold")
