"""The total state table of an order: what each happening does in each stage, none left out.

A word in the grid is a step of `decisions` ("reserve", "confirm", ...), or one of the ways in
which nothing changes: `nothing` (expected, crossed on the way), `fault` (cannot be: a dead letter,
for somebody to look at), or a refusal for whoever asks at the front door.
"""

from enum import StrEnum


class Status(StrEnum):
    """Where the order stands."""

    PLACED = "placed"
    AWAITING_PAYMENT = "awaiting_payment"
    CLOSING = "closing"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class PaymentStatus(StrEnum):
    """Where its money stands."""

    NOT_DUE = "not_due"
    DUE = "due"
    DECLINED = "declined"
    """An attempt was declined; it is still due."""
    PAID = "paid"
    VOIDED = "voided"
    REFUNDING = "refunding"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"


class FulfilmentStatus(StrEnum):
    """Where its goods stand."""

    UNFULFILLED = "unfulfilled"
    FULFILLED = "fulfilled"


class Stage(StrEnum):
    """What decides what may happen next: the status, and for some of them a little more."""

    PLACED = "placed"
    AWAITING_PAYMENT = "awaiting_payment"
    CLOSING_LATE = "closing_late"
    """Closing since the time to pay had passed; a capture still makes it a sale."""
    CLOSING_OUT = "closing_out"
    """Closing since the customer or the staff wanted out; a capture goes back."""
    CONFIRMED = "confirmed"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


class Trigger(StrEnum):
    """What can happen to an order."""

    STOCK_RESERVED = "stock_reserved"
    STOCK_SHORT = "stock_short"
    STOCK_RELEASED = "stock_released"
    STOCK_SHIPPED = "stock_shipped"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_CAPTURED = "payment_captured"
    PAYMENT_VOIDED = "payment_voided"
    PAYMENT_REFUNDED = "payment_refunded"
    REFUND_FAILED = "refund_failed"
    CANCEL_BY_CUSTOMER = "cancel_by_customer"
    CANCEL_BY_STAFF = "cancel_by_staff"
    RESERVE_DEADLINE = "reserve_deadline"
    PAY_DEADLINE = "pay_deadline"
    FULFIL = "fulfil"


class Cell(StrEnum):
    """What a happening does."""

    RESERVE = "reserve"
    CANCEL = "cancel"
    CLOSE = "close"
    WANT_OUT = "want_out"
    CONFIRM = "confirm"
    GIVE_BACK = "give_back"
    """Cancel, and send back what was captured."""
    FULFIL = "fulfil"
    DECLINED = "declined"
    LATE = "late"
    """Money that came after a void; payments sends it back by itself."""
    REFUNDED = "refunded"
    REFUSED = "refused"
    """The gateway will not give the money back."""
    NOTHING = "nothing"
    FAULT = "fault"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"


_GRID = """
                   placed    awaiting_payment closing_late closing_out confirmed fulfilled cancelled
stock_reserved     reserve   fault            fault        fault       fault     fault     nothing
stock_short        cancel    fault            fault        fault       fault     fault     nothing
stock_released     fault     fault            fault        fault       fault     fault     nothing
stock_shipped      fault     fault            fault        fault       fault     nothing   fault
payment_failed     fault     declined         declined     declined    nothing   nothing   nothing
payment_captured   fault     confirm          confirm      give_back   fault     fault     late
payment_voided     fault     cancel           cancel       cancel      fault     fault     nothing
payment_refunded   fault     fault            fault        fault       refunded  refunded  refunded
refund_failed      fault     fault            fault        fault       refused   refused   refused
cancel_by_customer cancel    close            want_out     nothing     give_back too_late  too_late
cancel_by_staff    cancel    close            want_out     nothing     give_back too_late  too_late
reserve_deadline   cancel    fault            fault        fault       fault     fault     fault
pay_deadline       fault     close            fault        fault       fault     fault     fault
fulfil             too_early too_early        too_early    too_early   fulfil    too_late  too_late
"""


def _read(grid: str) -> dict[Stage, dict[Trigger, Cell]]:
    head, *rows = [line.split() for line in grid.strip().splitlines()]
    return {
        Stage(stage): {Trigger(row[0]): Cell(row[1 + column]) for row in rows}
        for column, stage in enumerate(head)
    }


TABLE = _read(_GRID)
"""What happens, by stage and trigger."""
