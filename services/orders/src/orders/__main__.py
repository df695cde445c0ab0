"""`python -m orders api|worker|migrate`."""

from orders.main import build
from wareflow_kit.service import run

if __name__ == "__main__":
    run(build)
