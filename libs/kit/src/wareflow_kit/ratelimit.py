"""A token bucket per key, in this process, in bounded memory."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable


class RateLimit:
    """Lets each key through `times` per `per_seconds`, all at once or spread out.

    It remembers `max_keys` keys; the one unused for longest is forgotten first, which gives it
    a full bucket again. Each process counts for itself.
    """

    def __init__(
        self,
        times: int,
        per_seconds: float,
        *,
        max_keys: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = float(times)
        self._refill = times / per_seconds
        self._max_keys = max_keys
        self._clock = clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def give_back(self, key: Hashable) -> None:
        """It was not used after all."""
        if (bucket := self._buckets.get(key)) is not None:
            tokens, since = bucket
            self._buckets[key] = (min(self._capacity, tokens + 1), since)

    def take(self, key: Hashable) -> float:
        """0 when the key may pass now, else the seconds until it may."""
        now = self._clock()
        tokens, since = self._buckets.pop(key, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - since) * self._refill)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._refill
        self._buckets[key] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > self._max_keys:
            _ = self._buckets.popitem(last=False)
        return wait
