"""Every source of chance that the product has, seeded: the same seed throws the same dice."""

import random
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch
from uuid import UUID


def dice(seed: int, purpose: str) -> random.Random:
    """Dice of one purpose: what one part draws does not change what another one gets."""
    return random.Random(f"{seed} {purpose}")


@contextmanager
def seeded(seed: int) -> Generator[None]:
    """In this block `random`, `secrets`, `uuid` and our own ids follow the seed."""
    system = dice(seed, "system")

    def uuid7(*, nanoseconds: int) -> UUID:
        milliseconds = nanoseconds // 1_000_000
        low = 2 << 62 | system.getrandbits(62)
        return UUID(int=milliseconds << 80 | 7 << 76 | system.getrandbits(12) << 64 | low)

    random.seed(f"{seed} product")
    with ExitStack() as stack:
        for target, stand_in in (
            ("os.urandom", system.randbytes),
            ("random._urandom", system.randbytes),
            ("wareflow_events.ids._uuid7", uuid7),
        ):
            _ = stack.enter_context(patch(target, stand_in))
        yield
