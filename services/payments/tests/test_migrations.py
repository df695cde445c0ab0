"""The schema is the sum of its migrations."""

from payments.model import Base
from wareflow_kit.database import schema_drift


async def test_the_migrated_schema_is_what_the_models_say(database: str) -> None:
    assert await schema_drift("payments", database, Base.metadata) == []
