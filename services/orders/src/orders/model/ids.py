"""Typed ids, so that a cart is never passed for an order."""

from typing import NewType
from uuid import UUID

CartId = NewType("CartId", UUID)
OrderId = NewType("OrderId", UUID)
LineId = NewType("LineId", UUID)
VariantId = NewType("VariantId", UUID)
CustomerId = NewType("CustomerId", UUID)
