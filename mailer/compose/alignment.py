"""Whether what SPF and DKIM prove counts for a letter's sender: DMARC's alignment.

RFC 9989 §4.4; who asks DNS is somebody else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailer.compose.policies import dmarc_tags

Walked = Sequence[tuple[str, str]]
"""The domains up a tree that have a DMARC record, the nearest first, and it."""
_STRICT = "s"


def organization(domain: str, walked: Walked) -> str:
    """Return the domain that speaks for all below it (RFC 9989 §4.10.2).

    Args:
        walked: What stands at `domain` and above.
    """
    for name, record in walked:
        sort = dmarc_tags(record).get("psd", "u").lower()
        # Where it begins the walk ends at psd=y too, and is of no other organization.
        if sort == "n" or (sort == "y" and name == domain):
            return name
        if sort == "y":
            below = domain.removesuffix(f".{name}").rpartition(".")[2]
            return f"{below}.{name}"
    return walked[-1][0] if walked else domain


def policy_of(domain: str, walked: Walked) -> tuple[str, str] | None:
    """Return whose DMARC record counts for a sender's domain, and it (RFC 9989 §4.10.1)."""
    known = dict(walked)
    choice = (domain, organization(domain, walked))
    mine = next(((one, known[one]) for one in choice if one in known), None)
    return mine or (walked[-1] if walked else None)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a letter shows of whom it is from, as receivers prove it.

    Args:
        sender: The domain in From.
        return_path: The domain that bounces go to, which SPF is about.
        signer: The domain whose key signs; "" for none that we know of.
        organizations: The organizational domain of each.
    """

    sender: str
    return_path: str
    signer: str
    organizations: Mapping[str, str]

    def counts(self, domain: str, mode: str) -> bool:
        """Return whether what is proven of a domain counts for the sender.

        Args:
            mode: `s` for the same domain only, else of one organization.
        """
        if domain == self.sender:
            return True
        of = self.organizations
        return mode != _STRICT and of[domain] == of[self.sender]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with it.

    Args:
        problem: "" for nothing.
        advice: What holds by one leg alone; "" for nothing.
        record: The DMARC record that would let it count; "" for none.
    """

    problem: str = ""
    advice: str = ""
    record: str = ""


def alignment(shown: Shown, record: str) -> Verdict:
    """Judge by the DMARC record that counts for the sender."""
    tags = dmarc_tags(record)
    by_spf = shown.counts(shown.return_path, tags.get("aspf", "r").lower())
    by_dkim = bool(shown.signer) and shown.counts(
        shown.signer, tags.get("adkim", "r").lower()
    )
    lost: list[str] = []
    relaxed = dict(tags)
    if shown.signer and not by_dkim:
        lost.append(_of_dkim(shown, relaxed))
    if not by_spf:
        lost.append(_of_spf(shown, relaxed))
    words = "; ".join(lost)
    mended = "; ".join(f"{name}={value}" for name, value in relaxed.items())
    publish = mended if relaxed != tags else ""
    if by_dkim:
        only = "only the DKIM signature counts, so a letter altered on its way fails DMARC"
        return Verdict(advice=f"{words}; {only}" if words else "")
    if by_spf:
        return Verdict(words, record=publish)
    unless = "" if shown.signer else f", unless your relay signs with d={shown.sender}"
    return Verdict(f"{words}; as it is, letters fail DMARC{unless}", record=publish)


def _of_dkim(shown: Shown, tags: dict[str, str]) -> str:
    """Say why the signature does not count, and relax what keeps it from that."""
    own = f"make a key with `mailer dkim new {shown.sender}`"
    if shown.organizations[shown.signer] != shown.organizations[shown.sender]:
        return (
            f"the key of {shown.signer} does not count for {shown.sender}, which is an"
            f" organizational domain of its own (psd=): {own}"
        )
    tags["adkim"] = "r"
    return (
        f"the key of {shown.signer} does not count for {shown.sender}, because DMARC says"
        f" adkim=s: {own}, or publish adkim=r"
    )


def _of_spf(shown: Shown, tags: dict[str, str]) -> str:
    """Say why SPF does not count, and relax what keeps it from that."""
    if shown.organizations[shown.return_path] != shown.organizations[shown.sender]:
        return (
            f"SPF does not count for {shown.sender}, because bounces go to"
            f" {shown.return_path}, which is not its own: let bounce_domain be"
            f" {shown.sender} or below it"
        )
    tags["aspf"] = "r"
    return (
        f"SPF does not count for {shown.sender}, because bounces go to"
        f" {shown.return_path} and DMARC says aspf=s: let bounce_domain be {shown.sender},"
        " or publish aspf=r"
    )
