"""Python's collector of cycles, set for a process that goes on for long."""

import gc

_YOUNG = 10_000
"""New objects until the young are looked at: a request or a batch of events makes some thousand,
nearly all of them freed without the collector."""


def collect_seldom() -> None:
    """Call it once, when all is loaded: what lives then stays, and is never looked at again.

    For a process that does one thing until its end; in a test it would keep garbage for ever.
    """
    _ = gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
