"""`Prefer: wait=5`: the caller would rather wait for the outcome than ask again (RFC 7240)."""

import re
from typing import Annotated

from fastapi import Depends, Header
from starlette.responses import Response

LONGEST = 30.0
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?=$|[,;])", re.IGNORECASE)


def wait_of(prefer: str | None) -> float:
    """Seconds the caller is ready to wait, 0 to 30; 0 when it does not say."""
    found = _WAIT.search(prefer or "")
    return min(float(found[1]), LONGEST) if found else 0.0


async def prefer_wait(
    response: Response,
    prefer: Annotated[
        str | None,
        Header(max_length=200, description="`wait=5` waits up to 5 s (30 at most) for the outcome"),
    ] = None,
) -> float:
    """The dependency behind `PreferWait`; says in `Preference-Applied` what is granted."""
    seconds = wait_of(prefer)
    if seconds:
        response.headers["Preference-Applied"] = f"wait={seconds:g}"
    return seconds


PreferWait = Annotated[float, Depends(prefer_wait)]
"""Seconds to wait for an outcome, 0 to 30."""
