"""Every guard that can be switched off in a test build, by name."""

from tests.guards.of_events import OF_EVENTS
from tests.guards.of_money import OF_MONEY
from tests.guards.of_orders import OF_ORDERS
from tests.guards.of_stock import OF_STOCK

GUARDS = {guard.name: guard for guard in (*OF_EVENTS, *OF_STOCK, *OF_ORDERS, *OF_MONEY)}
