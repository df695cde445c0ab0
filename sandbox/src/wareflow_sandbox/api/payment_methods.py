"""`/v1/payment_methods`: test cards by number, and what a test token stands for."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from wareflow_sandbox.api.params import Metadata, Params
from wareflow_sandbox.api.retrieval import one_of
from wareflow_sandbox.api.routes import Called, Command, Result
from wareflow_sandbox.model.payment_method import PaymentMethod
from wareflow_sandbox.usecases.add_payment_method import CardData, add_card


class Card(BaseModel):
    """A card as typed in."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    number: Annotated[str, Field(max_length=30)]
    exp_month: int
    exp_year: int
    cvc: Annotated[str, Field(max_length=10)] | None = None

    def data(self) -> CardData:
        """For the verb."""
        return CardData(self.number, self.exp_month, self.exp_year, self.cvc)


class MethodData(BaseModel):
    """A payment method described instead of named; what a browser adds to it is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: Literal["card"]
    card: Card

    def chosen(self) -> CardData:
        """For the verb."""
        return self.card.data()


class Create(Params):
    """A payment method from a card."""

    type: Literal["card"]
    card: Card
    metadata: Metadata = Field(default_factory=dict[str, str])


async def create(call: Called, params: Create) -> Result:
    """Make a payment method of a card's data."""
    return add_card(call.work, card=params.card.data(), metadata=params.metadata)


_ALL = "/v1/payment_methods"

QUESTIONS = (one_of(PaymentMethod, under=_ALL),)
COMMANDS = (Command(path=_ALL, params=Create, run=create, of=PaymentMethod, browser=True),)
