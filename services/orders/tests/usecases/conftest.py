"""Every story is told once more with each event delivered twice."""

import pytest


@pytest.fixture(params=[False, True], ids=["once", "twice"])
def twice(request: pytest.FixtureRequest) -> bool:
    return request.param
