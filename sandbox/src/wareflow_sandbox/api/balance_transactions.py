"""`/v1/balance_transactions`: what came in, went out, and was kept as a fee."""

from typing import Literal

from wareflow_sandbox.api.params import Paging
from wareflow_sandbox.api.retrieval import one_of
from wareflow_sandbox.api.routes import Asked, Many, Question, Result
from wareflow_sandbox.model.balance_transaction import BalanceTransaction
from wareflow_sandbox.views.read import page


class Lists(Paging):
    """Of one kind, of one charge or refund, or in one currency."""

    type: Literal["charge", "refund", "refund_failure"] | None = None
    source: str | None = None
    currency: str | None = None


async def many(asked: Asked, params: Lists) -> Result:
    """Balance transactions, newest first."""
    where = [
        column == given
        for column, given in (
            (BalanceTransaction.type, params.type),
            (BalanceTransaction.source, params.source),
            (BalanceTransaction.currency, params.currency),
        )
        if given is not None
    ]
    rows, more = await page(asked.session, BalanceTransaction, params.window(), where)
    return Many([row.rendered() for row in rows], more)


_ALL = "/v1/balance_transactions"

QUESTIONS = (
    Question(path=_ALL, params=Lists, run=many, of=BalanceTransaction, lists=True),
    one_of(BalanceTransaction, under=_ALL),
)
