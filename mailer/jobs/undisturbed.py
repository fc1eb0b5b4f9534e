"""Keeping Python's collector of cycles away from slices that hold the write lock."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Generator[None, None, None]:
    """Keep Python's collector of cycles away; it is called after each piece instead.

    It would go through all that was loaded again and again, now and then for a quarter of a
    second while the write lock is held. What nothing refers to is freed all the same.
    """
    was_on = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()
