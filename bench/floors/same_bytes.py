"""Floor: a bare FastAPI endpoint that answers the bytes of a file."""

import sys
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import Response

from bench.floors.serving import serve


def build(body: bytes) -> FastAPI:
    """Answers every path below `/catalog/v1` with the same JSON."""
    app = FastAPI()

    @app.get("/catalog/v1/{path:path}")
    async def read(path: str) -> Response:
        return Response(body, media_type="application/json", headers={"ETag": f'"{len(path)}"'})

    _ = read
    return app


if __name__ == "__main__":
    serve(build(Path(sys.argv[2]).read_bytes()))
