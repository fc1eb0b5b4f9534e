"""The page on which a letter is looked at while it is written; on loopback only."""
