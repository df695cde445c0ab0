"""`/v1/charges`: the attempts, to read."""

from wareflow_sandbox.api.params import Paging
from wareflow_sandbox.api.retrieval import one_of
from wareflow_sandbox.api.routes import Asked, Many, Question, Result
from wareflow_sandbox.model.charge import Charge
from wareflow_sandbox.views.read import page


class Lists(Paging):
    """Of one payment, or of all."""

    payment_intent: str | None = None


async def many(asked: Asked, params: Lists) -> Result:
    """Charges, newest first."""
    of_intent = params.payment_intent
    where = [] if of_intent is None else [Charge.payment_intent == of_intent]
    rows, more = await page(asked.session, Charge, params.window(), where)
    return Many([row.rendered() for row in rows], more)


_ALL = "/v1/charges"

QUESTIONS = (
    Question(path=_ALL, params=Lists, run=many, of=Charge, lists=True),
    one_of(Charge, under=_ALL),
)
