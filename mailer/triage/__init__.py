"""What came back: what an answer means and what we do about it."""
