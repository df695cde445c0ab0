"""The commands, as somebody types them."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wareflow.main import cli
from wareflow.shoppers import percentile


@pytest.mark.parametrize(
    "command",
    ["serve", "import", "simulate", "verify", "demo", "rebuild", "events", "deadletters"],
)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_without_a_shop_a_command_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from wareflow.main import app; app()", "verify"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "no shop runs on .data: start one with `make run`"


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, 0.0),
        ([1.0], 0.99, 1.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([1.0] * 99 + [9.0], 0.99, 9.0),
    ],
)
def test_a_percentile_is_the_nearest_rank(
    values: list[float], share: float, expected: float
) -> None:
    assert percentile(values, share) == expected
