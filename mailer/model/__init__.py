"""The values that everyone passes around: frozen, and free of any world."""
