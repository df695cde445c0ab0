"""Typed ids: what must not be mixed up has its own name."""

from typing import NewType
from uuid import UUID

VariantId = NewType("VariantId", UUID)
"""A variant's id never changes; stock is keyed by it."""
ProductId = NewType("ProductId", UUID)
LocationId = NewType("LocationId", UUID)
OrderId = NewType("OrderId", UUID)
LineId = NewType("LineId", UUID)
DocumentId = NewType("DocumentId", UUID)
"""What caused movements: a receipt, an adjustment, an opening, or the order that was shipped."""
Sku = NewType("Sku", str)
"""A label for people; unique in the catalogue only."""
