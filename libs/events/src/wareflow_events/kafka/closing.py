"""Closing aiokafka's clients: within a limit, all of it, and without cancelling who asked for it.

Their own closing awaits tasks that it has cancelled and lets the `CancelledError` out. Whoever
awaits it directly then seems to be cancelled himself, and ends without a word; what was to be
closed after that stays open.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

_LIMIT = 10.0


async def stop_consumer(consumer: Any) -> None:
    """Stop a consumer, in three times ten seconds at most."""
    stopping = asyncio.create_task(consumer.stop())
    _ = await asyncio.wait({stopping}, timeout=_LIMIT)
    # A rebalance that holds it up ends with its connections, and what an error left open is closed.
    await close_within(_LIMIT, consumer._client.close())  # noqa: SLF001
    _ = await asyncio.wait({stopping}, timeout=_LIMIT)
    await end_task(stopping)


async def close_within(seconds: float, closing: Coroutine[Any, Any, object]) -> None:
    """Await it for so long; how it ends is nobody's concern."""
    task = asyncio.create_task(closing)
    _ = await asyncio.wait({task}, timeout=seconds)
    await end_task(task)


async def end_task(task: "asyncio.Task[Any] | None") -> None:
    """Cancel a task unless it is done, and see it end, if it does so in ten seconds."""
    if task is None:
        return
    if not task.done():
        _ = task.cancel()
        _ = await asyncio.wait({task}, timeout=_LIMIT)
    if task.done() and not task.cancelled():
        _ = task.exception()  # else the loop would tell of it
