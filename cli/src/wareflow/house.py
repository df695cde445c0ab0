"""The house as the tools see it: its services, their groups and checks, and how to reach them."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module

from sqlalchemy.ext.asyncio import AsyncEngine

from wareflow.state import Running, database_name
from wareflow_events import event, inbox, schemas
from wareflow_events.broker import Broker, TopicPartition
from wareflow_events.handlers import ConsumerGroup
from wareflow_events.recovery import Recovery
from wareflow_events.transaction import Transactions
from wareflow_kit.checks import Check
from wareflow_kit.database import engine

SERVICES = ("catalog", "inventory", "orders", "payments", "crm", "analytics")
__all__ = [
    "SERVICES",
    "House",
    "checks_of",
    "groups_of",
    "open_broker",
    "open_house",
    "recovery_of",
    "schemas",
]


def groups_of(service: str) -> Sequence[ConsumerGroup]:
    """What a service hears."""
    return import_module(f"{service}.consumers").HANDLERS


def checks_of(service: str) -> Sequence[Check]:
    """A service's promises as SQL; of the sandbox too."""
    package = "wareflow_sandbox" if service == "sandbox" else service
    return import_module(f"{package}.checks").CHECKS


def recovery_of(service: str) -> Recovery:
    """How a service takes back what it told, when its database was restored from a copy."""
    return import_module(f"{service}.recovery").RECOVERY


class House:
    """A running shop, reached from outside: its databases and its broker."""

    def __init__(self, running: Running, broker: Broker, engines: dict[str, AsyncEngine]) -> None:
        self.running = running
        self.broker = broker
        self.engines = engines

    def transactions(self, service: str) -> Transactions:
        """Transactions on a service's database, to act for it."""
        return Transactions(self.engines[service], service=service)

    def groups(self) -> list[tuple[str, ConsumerGroup]]:
        """Every consumer group with its service."""
        return [(name, group) for name in SERVICES for group in groups_of(name)]

    async def behind(
        self,
        service: str,
        group: ConsumerGroup,
        *,
        ends: Mapping[TopicPartition, int] | None = None,
    ) -> int:
        """Records of its topics that a group has not applied, up to `ends` or to those of now.

        Only looks; of a group that never ran, that is the whole log.
        """
        if ends is None:
            ends = await self.broker.ends(group.topics)
        async with self.engines[service].connect() as connection:
            stands = await inbox.stands(connection, consumer=group.name)
        return sum(max(0, end - stands.get(place, 0)) for place, end in ends.items())


def open_broker(running: Running) -> Broker:
    """The broker that the shop runs on."""
    if running.broker == "kafka":
        from wareflow_events.kafka import KafkaBroker

        assert running.kafka_bootstrap is not None
        return KafkaBroker(running.kafka_bootstrap, replication=1, min_in_sync=1)
    from wareflow_events.postgres import PostgresBroker

    return PostgresBroker(running.database(database_name("log")))


@asynccontextmanager
async def open_house(running: Running) -> AsyncGenerator[House]:
    """Connections to every database and to the broker, closed at the end."""
    async with AsyncExitStack() as stack:
        broker = open_broker(running)
        _ = stack.push_async_callback(broker.close)
        await broker.ensure_topics(event.topics())
        engines: dict[str, AsyncEngine] = {}
        for name in (*SERVICES, "sandbox"):
            engines[name] = engine(
                running.database(database_name(name)), pool=2, name="wareflow cli"
            )
            _ = stack.push_async_callback(engines[name].dispose)
        yield House(running, broker, engines)
