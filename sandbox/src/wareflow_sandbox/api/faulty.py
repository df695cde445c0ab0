"""Plays the faults that were asked for around a request."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request

from wareflow_sandbox.api.answers import Answer
from wareflow_sandbox.model.errors import KeyInUse, RateLimited, TimedOut
from wareflow_sandbox.model.faults import FaultRule


async def with_fault(
    fault: FaultRule | None, request: Request, go_on: Callable[[], Awaitable[Answer]]
) -> Answer:
    """The answer of `go_on`, late, lost, or refused beforehand. The 500s are not for here: they
    happen inside, where the idempotency key keeps them."""
    kind = None if fault is None else fault.fault
    if fault is None or kind is None:
        return await go_on()
    if kind == "conflict_409":
        raise KeyInUse(request.headers.get("idempotency-key", ""))
    if kind == "rate_limit_429":
        raise RateLimited
    if kind == "slow":
        await asyncio.sleep(fault.pause)
    if kind == "timeout_before":
        await _withhold(request, fault.pause)
        raise TimedOut
    answer = await go_on()
    if kind == "timeout_after":
        await _withhold(request, fault.pause)
        raise TimedOut
    return answer


async def _withhold(request: Request, seconds: float) -> None:
    """Say nothing until the client has gone away, `seconds` at most."""
    try:
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return
