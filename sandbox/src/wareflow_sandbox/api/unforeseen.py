"""What to answer when something other than a refusal was raised."""

from sqlalchemy.exc import TimeoutError as PoolTimeout

from wareflow_events.faults import is_transient
from wareflow_sandbox.model.errors import (
    BadParameter,
    Broken,
    Locked,
    RateLimited,
    StripeError,
    Unavailable,
)

_BUSY = {"40P01", "55P03"}  # deadlock, lock not available
_UNREADABLE = {"22021", "22P05"}  # characters that PostgreSQL does not take, such as NUL


def unforeseen(error: Exception, request_name: str) -> StripeError:
    """The error in Stripe's words: too much going on, the database away, or a fault of ours."""
    if isinstance(error, StripeError):
        return error
    if isinstance(error, PoolTimeout):
        return RateLimited()
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state in _BUSY:
        return Locked()
    if state in _UNREADABLE:
        return BadParameter("The request has a character that cannot be stored, such as NUL.")
    # Nothing was committed, or a key remembers it: this may be repeated.
    return Unavailable() if is_transient(error) else Broken(request_name, kept=False)
