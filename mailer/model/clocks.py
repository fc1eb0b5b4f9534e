"""How far the clocks of programs that share a database may differ."""

from datetime import timedelta

CLOCKS_APART = timedelta(minutes=2)
"""What is further ahead than this was noted before the clock was put back."""
