"""What endpoints ask for: a transaction, a read session, and who is calling."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from starlette.requests import Request

from wareflow_events.transaction import Transaction, Transactions, closed_after
from wareflow_kit.web.access import customer_or_staff, requires
from wareflow_kit.web.caller import Caller

__all__ = [
    "Caller",
    "Look",
    "Read",
    "Tx",
    "begin",
    "customer_or_staff",
    "look",
    "read",
    "requires",
]


async def begin(request: Request) -> AsyncIterator[Transaction]:
    """A transaction that commits when the endpoint returns, before the answer is sent."""
    transactions: Transactions = request.app.state.transactions
    async with transactions.begin() as tx:
        yield tx


async def read(request: Request) -> AsyncIterator[AsyncSession]:
    """A session whose statements stand by themselves; for answering, not for changing."""
    async with closed_after(
        AsyncSession(request.app.state.reading, expire_on_commit=False, autoflush=False)
    ) as session:
        yield session


async def look(request: Request) -> AsyncIterator[AsyncConnection]:
    """A connection whose statements stand by themselves; for what is asked for most."""
    async with closed_after(await request.app.state.reading.connect()) as connection:
        yield connection


Tx = Annotated[Transaction, Depends(begin, scope="function")]
"""The endpoint's transaction. With the default scope a failed commit would still answer 200."""

Read = Annotated[AsyncSession, Depends(read, scope="function")]
"""The endpoint's read session; its connection is back in the pool before the answer is sent."""

Look = Annotated[AsyncConnection, Depends(look, scope="function")]
"""The endpoint's connection without a session around it, back in the pool as early."""
