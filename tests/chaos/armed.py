"""`python -m tests.chaos.armed PEACE MODULE ...`: a program of the product, where poison fails.

Until there is a file PEACE.
"""

import runpy
import sys
from pathlib import Path

from tests.chaos import poison

_BYTECODE = Path(__file__).parents[2] / ".cache" / "bytecode"


def main() -> None:
    """Arm the place where events are handled, then be the program."""
    sys.dont_write_bytecode = False  # a restart must not compile everything anew
    sys.pycache_prefix = str(_BYTECODE)
    from wareflow_events import batch, failpoints

    _ = batch  # declares the place
    failpoints.arm("consumer.handling", poison.until(Path(sys.argv[1])))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
