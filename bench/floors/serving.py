"""How every floor program is served: as the shop is, by uvicorn on uvloop and httptools."""

import sys

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response

from bench.children import HOST


def serve(app: FastAPI) -> None:
    """Serve on the port that the first argument names, until a signal."""

    @app.get("/up")
    async def up() -> Response:
        return Response()

    _ = up
    uvicorn.run(
        app,
        host=HOST,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
