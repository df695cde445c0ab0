"""Some seeds of the simulation; `make simulate SEEDS=n` plays more."""

import subprocess
import sys

import pytest

_SEEDS = 10
_ALSO_ALONE = 4
_AMONG = 30
"""Seeds of which at least one shows what happens without the inbox: one in four does."""


def play(*words: str) -> subprocess.CompletedProcess[str]:
    """Play in a process of its own: time and chance belong to the whole process."""
    program = [sys.executable, "-m", "tests.simulation", *words]
    return subprocess.run(program, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def played() -> subprocess.CompletedProcess[str]:
    return play(f"--seeds={_SEEDS}")


def line_of(seed: int, played: subprocess.CompletedProcess[str]) -> str:
    """What is said of a seed, but for how long it took."""
    [line] = [line for line in played.stdout.splitlines() if line.startswith(f"seed {seed:5} ")]
    return line.partition("virtual s")[0]


@pytest.mark.timeout(900)
def test_every_promise_holds_in_every_seed(played: subprocess.CompletedProcess[str]) -> None:
    assert played.returncode == 0, played.stdout + played.stderr
    assert f"{_SEEDS} seeds, all hold" in played.stdout


@pytest.mark.timeout(900)
def test_a_seed_alone_takes_the_same_course_as_among_others(
    played: subprocess.CompletedProcess[str],
) -> None:
    alone = play(f"--first={_ALSO_ALONE}", "--seeds=1")
    assert line_of(_ALSO_ALONE, alone) == line_of(_ALSO_ALONE, played)


@pytest.mark.timeout(900)
def test_without_the_inbox_a_seed_goes_red() -> None:
    without = play("--without=inbox", f"--seeds={_AMONG}", "--until-red")
    assert without.returncode == 1
    assert "BROKEN" in without.stdout, without.stderr
