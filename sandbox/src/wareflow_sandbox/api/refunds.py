"""`/v1/refunds`."""

from typing import Literal

from pydantic import Field

from wareflow_sandbox.api.params import Amount, Metadata, Paging, Params
from wareflow_sandbox.api.retrieval import one_of
from wareflow_sandbox.api.routes import Asked, Called, Command, Many, Question, Result
from wareflow_sandbox.model.refund import Refund
from wareflow_sandbox.store.locks import locked_refund
from wareflow_sandbox.usecases.refund_payment import NewRefund, refund_payment
from wareflow_sandbox.usecases.update_payment import merged
from wareflow_sandbox.views.read import page


class Create(Params):
    """What is asked back."""

    payment_intent: str | None = None
    charge: str | None = None
    amount: Amount | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


class Update(Params):
    """What may be changed."""

    metadata: Metadata = Field(default_factory=dict[str, str])


class Lists(Paging):
    """Of one payment, or of all."""

    payment_intent: str | None = None
    charge: str | None = None


async def create(call: Called, params: Create) -> Result:
    """Give money back."""
    wanted = NewRefund(**params.model_dump(exclude={"expand"}))
    return await refund_payment(call.work, wanted=wanted)


async def update(call: Called, params: Update) -> Result:
    """Change the notes of a refund."""
    refund = await locked_refund(call.work, call.path["id"])
    call.work.tell(refund.update(merged(refund.metadata_, params.metadata)))
    return refund


async def many(asked: Asked, params: Lists) -> Result:
    """Refunds, newest first."""
    where = [
        column == given
        for column, given in (
            (Refund.payment_intent, params.payment_intent),
            (Refund.charge, params.charge),
        )
        if given is not None
    ]
    rows, more = await page(asked.session, Refund, params.window(), where)
    return Many([row.rendered() for row in rows], more)


_ALL = "/v1/refunds"
_ONE = f"{_ALL}/{{id}}"

QUESTIONS = (
    Question(path=_ALL, params=Lists, run=many, of=Refund, lists=True),
    one_of(Refund, under=_ALL),
)
COMMANDS = (
    Command(path=_ALL, params=Create, run=create, of=Refund),
    Command(path=_ONE, params=Update, run=update, of=Refund),
)
