"""The nouns of orders: what they are, what may be done with them, and what they tell of it."""

from orders.model.base import Base
from orders.model.cart import Cart
from orders.model.contact import OrderContact
from orders.model.copies import DERIVED
from orders.model.order import Order, OrderEvent
from orders.model.order_line import OrderLine

__all__ = ["DERIVED", "Base", "Cart", "Order", "OrderContact", "OrderEvent", "OrderLine"]
