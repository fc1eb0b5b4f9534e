"""The mailbox provider of a recipient: who takes the letter in the end, in one word.

Providers with limits of their own have a name from `providers.toml`. Whoever is not listed
there is `OTHER` in the database, and known by the domain while a sender is at work.
"""

OTHER = "other"
"""The provider of everyone whose provider is not known by name."""


def domain_of(address: str) -> str:
    """Return the domain of an address as deliveries have it: an A-label in lower case."""
    return address.rpartition("@")[2]
