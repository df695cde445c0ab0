"""How much is measured: enough in minutes, enough for an hour, or just that it works."""

from dataclasses import dataclass

from bench.load import Pace


@dataclass(frozen=True)
class Sizes:
    """The sizes of all measures."""

    name: str
    reads: Pace
    products: int
    """In the shop that is read from and bought in."""
    shoppers: tuple[int, ...]
    visits: int | None
    """Orders of a round, per shopper; None: as many as they can in `order_seconds`."""
    order_seconds: float
    brokers: tuple[str, ...]
    """Which shops complete orders: embedded on `postgres`, of many processes on `kafka`."""
    flash_units: int
    flash_buyers: int
    backlog: int
    """Orders that wait for the inventory consumer."""
    events: int
    latency_seconds: float
    activities: int
    grown_from: int
    """Products, and orders, of the small shop; the large one has ten times as many."""
    growth_requests: int


TINY = Sizes(
    name="tiny",
    reads=Pace(rounds=1, seconds=0.2, warm_up=0.1, at_once=2),
    products=60,
    shoppers=(1, 2),
    visits=2,
    order_seconds=0,
    brokers=("postgres", "kafka"),
    flash_units=10,
    flash_buyers=14,
    backlog=50,
    events=200,
    latency_seconds=0.5,
    activities=100,
    grown_from=30,
    growth_requests=3,
)
SHORT = Sizes(
    name="short",
    reads=Pace(rounds=3, seconds=1.5, warm_up=0.5),
    products=5_000,
    shoppers=(1, 8, 32),
    visits=None,
    order_seconds=4.0,
    brokers=("postgres",),
    flash_units=100,
    flash_buyers=500,
    backlog=5_000,
    events=10_000,
    latency_seconds=3.0,
    activities=20_000,
    grown_from=1_000,
    growth_requests=150,
)
LONG = Sizes(
    name="long",
    reads=Pace(rounds=3, seconds=5.0, warm_up=2.0),
    products=20_000,
    shoppers=(1, 8, 32),
    visits=None,
    order_seconds=15.0,
    brokers=("postgres", "kafka"),
    flash_units=1_000,
    flash_buyers=5_000,
    backlog=20_000,
    events=50_000,
    latency_seconds=10.0,
    activities=100_000,
    grown_from=10_000,
    growth_requests=400,
)
