"""The connection budget: who may hold how many connections, and the server's limit that follows.

PostgreSQL gives 100 by default, which the services together exceed; each connection it may have
costs it a little memory even when unused, so the limit is counted and not guessed.
"""

from typing import Final, NamedTuple


class Share(NamedTuple):
    """What one kind of user may hold at most: `each` connections, `times` over."""

    holder: str
    each: int
    times: int = 1


SERVICES: Final = 6

BUDGET: Final = (
    Share("pool of a service's api (5 kept, 5 more under load)", 10, SERVICES),
    Share("pool of a service's worker: consumers and pollers (5 kept, 5 more)", 10, SERVICES),
    Share("relay of a service: the session that holds the leader lock", 1, SERVICES),
    Share("log: appends and reads of a service when the broker is PostgreSQL", 5, SERVICES),
    Share("sandbox: the stand-in for the payment gateway", 5),
    Share("tools: migrations, verify, psql, an exporter", 15),
    Share("kept back by PostgreSQL itself (superuser_reserved_connections)", 3),
)

MAX_CONNECTIONS: Final = sum(share.each * share.times for share in BUDGET)
