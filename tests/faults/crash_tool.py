"""A test program: the `wareflow` command in a process that dies at a fail point.

`python crash_tool.py NAME COMMAND...` arms the place, or none for `-`, and runs the command.
"""

import sys

from wareflow.main import app
from wareflow_events.failpoints import arm, die

if __name__ == "__main__":
    place = sys.argv.pop(1)
    if place != "-":
        arm(place, die)
    app()
