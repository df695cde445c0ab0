"""Bodies come as they are: nothing that is compressed is unpacked, so nothing can be a bomb."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from wareflow_kit.web.problems import problem


class PlainBodies:
    """Answers 415 to a body with a content encoding, before any of it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http":
            encoding = Headers(scope=scope).get("content-encoding", "")
            if encoding.strip().lower() not in {"", "identity"}:
                app = _ENCODED
        await app(scope, receive, send)


_ENCODED = problem(
    415,
    slug="encoded-body",
    title="Encoded body",
    detail="Send the body as it is, without a Content-Encoding; nothing is unpacked here.",
    headers={"Accept-Encoding": "identity"},
)
