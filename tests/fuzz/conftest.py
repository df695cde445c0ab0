"""The shop that is fuzzed in short."""

import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from tests.fuzz.run import briefing
from tests.hostile.world import World, running_world


@pytest.fixture(scope="session")
async def brief(fuzzed_world: World) -> dict[str, Any]:
    """What the fuzz of every service knows, made before any has begun."""
    return await briefing(fuzzed_world)


@pytest.fixture(scope="session")
async def fuzzed_world() -> AsyncGenerator[World]:
    """One for all services."""
    with tempfile.TemporaryDirectory(prefix="wareflow-fuzz-shop-") as folder:
        Path(folder).chmod(0o711)
        async with running_world(Path(folder) / "shop") as made:
            yield made
