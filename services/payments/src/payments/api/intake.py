"""Bodies of strangers on their way in: what they may hold of our memory, and of our time."""

import asyncio

from starlette.requests import Request

from wareflow_kit.refusals import Refusal, Unavailable

_FREE = 65_536
"""What each may hold anyway: the server has read as much already, and what a gateway posts is
smaller. So a flood of large bodies keeps none of those out."""


class Crowded(Unavailable):
    """Too many large bodies are on their way in; send it again in a moment."""


class TooSlow(Refusal):
    """The body did not come in time."""

    status = 408


class Intake:
    """Reads bodies that nobody has vouched for yet, `most` bytes of them at the same time.

    The size of a single one is for `BodyLimit` to refuse.
    """

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._held = 0

    async def read(self, request: Request) -> bytes:
        """The body; `Crowded` when there is no room for it, `TooSlow` when it does not come."""
        body = bytearray()
        counted = 0
        try:
            async with asyncio.timeout(self._seconds):
                async for piece in request.stream():
                    body += piece
                    more = max(0, len(body) - _FREE) - counted
                    if self._held + more > self._most:
                        raise Crowded(retry_after=1)
                    self._held += more
                    counted += more
        except TimeoutError:
            raise TooSlow from None
        finally:
            self._held -= counted
        return bytes(body)
