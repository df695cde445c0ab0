"""An in-process wake-up with any number of waiters; sleepers poll too, so a lost ring is late."""

import asyncio


class Bell:
    """Rung when there may be something to do."""

    def __init__(self) -> None:
        self.rung = 0
        """How often it rang; note it before looking for work, and pass it to `wait`."""
        self._waiters: dict[asyncio.Future[None], None] = {}
        """First come, first woken."""

    def ring(self) -> None:
        """Wake everybody who waits."""
        self.rung += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def wait(self, timeout: float, *, since: int | None = None) -> bool:
        """Sleep until it rings or `timeout` seconds passed; True if it rang.

        With `since` (an earlier `rung`) a ring in between counts and returns at once.
        """
        if since is not None and since != self.rung:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = None
        try:
            async with asyncio.timeout(timeout):
                await waiter
        except TimeoutError:
            return False
        finally:
            _ = self._waiters.pop(waiter, None)
        return True
