"""`python -m payments api|worker|migrate`."""

from payments.main import build
from wareflow_kit.service import run

if __name__ == "__main__":
    run(build)
