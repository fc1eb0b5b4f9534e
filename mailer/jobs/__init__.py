"""One file for each thing the program does: gather, decide, apply."""
