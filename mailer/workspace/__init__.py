"""The marketer's folder, keys, data files and locks: the one place that opens files."""
