"""Commands: each parses its input, calls one job, prints the answer."""
