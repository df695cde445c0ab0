"""One attempt to pay an intent, played by the script of the instrument."""

from datetime import timedelta

from wareflow_sandbox.model.balance_transaction import BalanceTransaction
from wareflow_sandbox.model.charge import Charge, details_of
from wareflow_sandbox.model.instruments import AUTHENTICATION, Decline, Settling
from wareflow_sandbox.model.payment_intent import PaymentIntent
from wareflow_sandbox.model.payment_method import PaymentMethod
from wareflow_sandbox.store.work import Work


def attempt(
    work: Work, *, intent: PaymentIntent, method: PaymentMethod, authenticated: bool = False
) -> None:
    """The bank answers: no, later, or yes; the intent and a fresh charge say which."""
    script = method.instrument
    charge = open_charge(work, intent=intent, method=method, authenticated=authenticated)
    if script.settling is not None:
        late = script.settling is not Settling.NEVER
        pause = timedelta(seconds=work.settings.settle_seconds)
        work.tell(charge.wait())
        work.tell(intent.process(charge=charge.id, settles_at=work.now + pause if late else None))
    elif script.decline is not None:
        decline(work, intent=intent, charge=charge, method=method, why=script.decline)
    else:
        approve(work, intent=intent, charge=charge)


def open_charge(
    work: Work, *, intent: PaymentIntent, method: PaymentMethod, authenticated: bool
) -> Charge:
    """A charge without an outcome yet."""
    charge = Charge(
        id=work.new_id(Charge.PREFIX),
        payment_intent=intent.id,
        payment_method=method.id,
        instrument=method.token,
        method_type=method.type,
        method_details=details_of(method, amount=intent.amount, authenticated=authenticated),
        amount=intent.amount,
        currency=intent.currency,
        amount_captured=0,
        amount_refunded=0,
        status="pending",
        captured=False,
        released=False,
        description=intent.description,
        receipt_email=intent.receipt_email,
        statement_descriptor_suffix=intent.statement_descriptor_suffix,
        shipping=intent.shipping,
        metadata_=intent.metadata_,
        created=work.now,
    )
    work.session.add(charge)
    return charge


def approve(work: Work, *, intent: PaymentIntent, charge: Charge) -> None:
    """The bank says yes: the money is here, or held until somebody captures it."""
    if intent.captures_by_hand:
        work.tell(charge.approve(capture=False, balance_transaction=None))
        work.tell(intent.hold(charge=charge.id))
        return
    transaction = money_in(work, charge=charge, amount=charge.amount)
    work.tell(charge.approve(capture=True, balance_transaction=transaction))
    work.tell(intent.succeed(charge=charge.id, received=charge.amount))


def decline(
    work: Work, *, intent: PaymentIntent, charge: Charge, method: PaymentMethod, why: Decline
) -> None:
    """The bank says no: the customer may try again."""
    work.tell(charge.fail(why))
    work.tell(intent.fail(why, charge=charge.id, method=method))


def fail_authentication(work: Work, *, intent: PaymentIntent, method: PaymentMethod) -> None:
    """The customer was not who they said, or was not there: no charge was tried."""
    work.tell(intent.fail(AUTHENTICATION, charge=None, method=method))


def money_in(work: Work, *, charge: Charge, amount: int) -> str:
    """Book a payment; the id of its balance transaction."""
    transaction = BalanceTransaction.of_charge(
        txn_id=work.new_id(BalanceTransaction.PREFIX),
        charge=charge,
        amount=amount,
        now=work.now,
    )
    work.session.add(transaction)
    return transaction.id
