"""Who: consent rules, segment rules, and reading the rows of an import."""
