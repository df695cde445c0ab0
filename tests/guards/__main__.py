"""`python -m tests.guards [guard ...]`: take each guard away, and see its proofs go red."""

import subprocess
import sys
from collections.abc import Sequence


def command(names: Sequence[str]) -> list[str]:
    """How pytest is called to try these guards, or all of them."""
    without = [word for name in names or ["all"] for word in ("--without", name)]
    return [sys.executable, "-m", "pytest", "-q", "-p", "tests.guards.plugin", *without]


if __name__ == "__main__":
    sys.exit(subprocess.run(command(sys.argv[1:]), check=False).returncode)
