"""A short fuzz of every service, the same each time; `make fuzz` is the long one."""

from typing import Any

import pytest
from tests.fuzz.run import fuzz
from tests.hostile.world import World

from wareflow.house import SERVICES


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", SERVICES)
async def test_whatever_is_sent_is_answered_as_documented(
    service: str, fuzzed_world: World, brief: dict[str, Any]
) -> None:
    found = await fuzz(
        fuzzed_world,
        service,
        brief,
        examples=3,
        seed=1,
        phases="examples,fuzzing,stateful",
        show=False,
    )
    assert found.passed, f"{found.line()}\n{found.output}"
