"""The migrations make what the models declare."""

from orders.model import Base
from wareflow_kit.database import schema_drift


async def test_the_schema_is_the_sum_of_its_migrations(database: str) -> None:
    assert await schema_drift("orders", database, Base.metadata) == []
