"""One reader for each format in which mail systems report."""
