"""A running shop for hostile callers, and its apps to look at."""

import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from tests.hostile.services import services
from tests.hostile.world import World, running_world

from wareflow_kit.service import Service


@pytest.fixture(scope="session")
def hostile_folder() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="wareflow-hostile-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(scope="session")
async def world(hostile_folder: Path) -> AsyncGenerator[World]:
    """One shop, shared by all that are hostile to it."""
    async with running_world(hostile_folder / "shop") as made:
        yield made


@pytest.fixture(scope="session")
async def apps() -> AsyncGenerator[dict[str, Service]]:
    """Every service, composed and not started."""
    yield services()
    for service in services().values():
        await service.close()
