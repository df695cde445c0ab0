"""What every broker adapter must do; an adapter's tests subclass these and give the fixtures."""

from wareflow_events.contract.consumers import ConsumerContract
from wareflow_events.contract.log import BrokerContract
from wareflow_events.contract.support import Log, eventually

__all__ = ["BrokerContract", "ConsumerContract", "Log", "eventually"]
