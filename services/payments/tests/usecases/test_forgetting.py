"""A customer who is erased is in no payment any more, whenever the events come."""

from uuid import uuid4

from payments.testing import Bench, a_payment_due
from wareflow_events.schemas.crm import CustomerErased


def erased(*ids: object, at: object) -> CustomerErased:
    return CustomerErased.model_validate(
        {"customer_id": ids[0], "customer_ids": ids, "erased_at": at}
    )


async def test_payments_of_an_erased_customer_stay_and_belong_to_nobody(story: Bench) -> None:
    person, guest, other = uuid4(), uuid4(), uuid4()
    dues = [a_payment_due(customer_id=each) for each in (person, guest, other)]
    await story.hear(*dues)
    await story.hear(erased(person, guest, at=story.clock()))
    owners = [(await story.payment(due.order_id)).customer_id for due in dues]
    assert owners == [None, None, other]


async def test_a_late_order_of_an_erased_customer_brings_nobody_back(story: Bench) -> None:
    person = uuid4()
    await story.hear(erased(person, at=story.clock()))
    due = a_payment_due(customer_id=person)
    await story.hear(due)
    payment = await story.payment(due.order_id)
    assert (payment.customer_id, payment.amount) == (None, 1899)
