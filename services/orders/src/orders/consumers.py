"""The back door: what orders hears, and the one verb that each event leads to."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast
from uuid import UUID

from sqlalchemy import Table

from orders.model import DERIVED
from orders.model.decisions import Signal
from orders.model.ids import CustomerId, OrderId
from orders.model.states import Trigger
from orders.usecases.decide_orders import decide_orders
from orders.usecases.forget_customers import forget_customers
from orders.usecases.keep_copies import keep_channels, keep_products, keep_stock
from orders.usecases.merge_customers import merge_customers
from wareflow_events.event import Event
from wareflow_events.handlers import ConsumerGroup, Handler, Heard, on, on_run
from wareflow_events.schemas.catalog import ChannelChanged, ProductChanged, ProductRemoved
from wareflow_events.schemas.crm import CustomerErased, CustomerMerged
from wareflow_events.schemas.inventory import (
    StockChanged,
    StockReleased,
    StockReserved,
    StockShipped,
    StockShort,
)
from wareflow_events.schemas.orders import ShortOrderLine
from wareflow_events.schemas.payments import (
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
    RefundFailed,
)
from wareflow_events.transaction import Transaction

E = TypeVar("E", bound=Event)


async def _products(tx: Transaction, heard: list[Heard[ProductChanged]]) -> None:
    await keep_products(tx, heard=heard)


async def _removed(tx: Transaction, heard: list[Heard[ProductRemoved]]) -> None:
    await keep_products(tx, heard=heard, removed=True)


async def _channels(tx: Transaction, heard: list[Heard[ChannelChanged]]) -> None:
    await keep_channels(tx, heard=heard)


async def _stock(tx: Transaction, heard: list[Heard[StockChanged]]) -> None:
    await keep_stock(tx, heard=heard)


COPIES = ConsumerGroup(
    name="orders.copies",
    handlers=(
        on_run(ProductChanged, _products),
        on_run(ProductRemoved, _removed),
        on_run(ChannelChanged, _channels),
        on_run(StockChanged, _stock),
    ),
    derived=tuple(cast("Table", mapped.__table__) for mapped in DERIVED),
)


def _reserved(_event: StockReserved) -> Signal:
    return Signal(Trigger.STOCK_RESERVED)


def _short(event: StockShort) -> Signal:
    missing = [ShortOrderLine(**line.model_dump()) for line in event.missing]
    return Signal(Trigger.STOCK_SHORT, missing=missing)


def _released(_event: StockReleased) -> Signal:
    return Signal(Trigger.STOCK_RELEASED)


def _shipped(_event: StockShipped) -> Signal:
    return Signal(Trigger.STOCK_SHIPPED)


def _failed(event: PaymentFailed) -> Signal:
    note = {"code": event.code, "decline_code": event.decline_code}
    return Signal(Trigger.PAYMENT_FAILED, note=note)


def _captured(event: PaymentCaptured) -> Signal:
    note = {"method": event.method, "brand": event.brand}
    return Signal(Trigger.PAYMENT_CAPTURED, amount=event.amount, note=note)


def _voided(_event: PaymentVoided) -> Signal:
    return Signal(Trigger.PAYMENT_VOIDED)


def _refunded(event: PaymentRefunded) -> Signal:
    return Signal(Trigger.PAYMENT_REFUNDED, amount=event.amount, refund_id=event.refund_id)


def _unrefunded(event: RefundFailed) -> Signal:
    note = {"code": event.code}
    return Signal(Trigger.REFUND_FAILED, refund_id=event.refund_id, note=note)


def _answer(event: type[E], signal: Callable[[E], Signal]) -> Handler:
    async def hear(tx: Transaction, heard: list[Heard[E]]) -> None:
        signals = [
            (OrderId(UUID(one.event.key)), replace(signal(one.event), replay=one.replay))
            for one in heard
        ]
        _ = await decide_orders(tx, signals=signals)

    return on_run(event, hear)


async def _erased(tx: Transaction, heard: Heard[CustomerErased]) -> None:
    ids = [CustomerId(customer_id) for customer_id in heard.event.customer_ids]
    await forget_customers(tx, customer_ids=ids)


async def _merged(tx: Transaction, heard: Heard[CustomerMerged]) -> None:
    guests = [CustomerId(customer_id) for customer_id in heard.event.merged_ids]
    customer_id = CustomerId(heard.event.customer_id)
    await merge_customers(tx, customer_id=customer_id, guests=guests)


SAGA = ConsumerGroup(
    name="orders.saga",
    handlers=(
        _answer(StockReserved, _reserved),
        _answer(StockShort, _short),
        _answer(StockReleased, _released),
        _answer(StockShipped, _shipped),
        _answer(PaymentFailed, _failed),
        _answer(PaymentCaptured, _captured),
        _answer(PaymentVoided, _voided),
        _answer(PaymentRefunded, _refunded),
        _answer(RefundFailed, _unrefunded),
        on(CustomerErased, _erased),
        on(CustomerMerged, _merged),
    ),
)

HANDLERS: tuple[ConsumerGroup, ...] = (COPIES, SAGA)
"""The whole list of what is heard."""
