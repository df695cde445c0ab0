"""The proofs can fail: without its guard each of them does."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.guards.__main__ import command

HOUSE = Path(__file__).parents[2]
PLANTED = """
from tests.guards.guard import Guard
from tests.guards.off import rewritten
from tests.guards.switches import GUARDS
from wareflow_events import inbox

def nothing(old):
    return rewritten(inbox, "_STANDS", old, old)

PROOFS = ("libs/events/tests/test_ids.py::test_an_id_tells_when_it_was_made_to_the_millisecond",)
GUARDS["blind"] = Guard("blind", "nothing", nothing("SELECT"), PROOFS)
GUARDS["stale"] = Guard("stale", "nothing", nothing("as it was once"), PROOFS)
"""


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | environment
    return subprocess.run(words, cwd=HOUSE, env=env, capture_output=True, text=True, check=False)


@pytest.mark.timeout(900)
def test_every_proof_goes_red_without_its_guard_and_passes_with_it() -> None:
    done = run(*command([]))
    assert done.returncode == 0, done.stdout[-8000:]
    assert "NOT RED" not in done.stdout


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("blind", "NOT RED"),
        ("stale", "_STANDS does not say 'as it was once' any more"),
    ],
)
def test_a_proof_that_does_not_need_its_guard_fails_the_run(
    tmp_path: Path, planted: str, said: str
) -> None:
    """As does a switch whose guard has moved: its run shows nothing."""
    _ = (tmp_path / "planted.py").write_text(PLANTED)
    interpreter, *rest = command([planted])
    plugged = [*rest[:2], "-p", "planted", *rest[2:]]
    done = run(interpreter, *plugged, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stdout
