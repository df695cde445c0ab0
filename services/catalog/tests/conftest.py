"""A shop of its own for each test that asks for one."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from catalog.testing import Shop, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    """A shop with its default channel, and nothing in it."""
    async with open_shop(import_folder=tmp_path) as shop:
        yield shop
