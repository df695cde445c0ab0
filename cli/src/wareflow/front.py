"""One port for all services: dispatch by path, one merged OpenAPI page, one readiness."""

import asyncio
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import fastapi_offline
import orjson
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wareflow.openapi import merge

_ASSETS = "/docs-assets"


class Front:
    """Sends `/orders/...` to orders and so on; answers what belongs to nobody itself."""

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps = dict(apps)
        self._assets = StaticFiles(directory=str(files(fastapi_offline) / "static"))
        self._document: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, HTTP only; whoever runs this enters the apps' lifespans."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        app = self._apps.get(path.split("/", 2)[1])
        if app is None and path.startswith(_ASSETS):
            scope = {**scope, "root_path": _ASSETS}
            app = self._assets
        await (app or await self._own(path))(scope, receive, send)

    async def _own(self, path: str) -> ASGIApp:
        match path:
            case "/":
                return HTMLResponse(_landing(self._apps))
            case "/docs":
                return _docs()
            case "/openapi.json":
                return Response(await self.document(), media_type="application/json")
            case "/metrics":
                return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
            case "/health/live":
                return JSONResponse({"status": "ok"})
            case "/health/ready":
                return await self._ready()
            case _:
                return _nothing_at(path)

    async def _ready(self) -> Response:
        reasons: dict[str, Any] = {}
        for name, app in self._apps.items():
            status, body = await ask(app, "/health/ready")
            if status != 200:
                reasons[name] = _read(body)
        if reasons:
            return JSONResponse({"status": "unavailable", "services": reasons}, status_code=503)
        return JSONResponse({"status": "ok", "services": sorted(self._apps)})

    async def document(self) -> bytes:
        """The OpenAPI documents of all services as one."""
        if self._document is None:
            documents: dict[str, Any] = {}
            for name, app in self._apps.items():
                if isinstance(app, FastAPI):  # making it takes long: others are answered meanwhile
                    _ = await asyncio.to_thread(app.openapi)
                status, body = await ask(app, f"/{name}/openapi.json")
                if status == 200:
                    documents[name] = orjson.loads(body)
            merged = orjson.dumps(merge(documents))
            if len(documents) < len(self._apps):
                return merged
            self._document = merged
        return self._document


async def ask(app: ASGIApp, path: str) -> tuple[int, bytes]:
    """GET a path of an app in this process: status and body."""
    status, body = 500, b""
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:  # nobody hangs up
            _ = await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    await app(scope, receive, send)
    return status, body


def _read(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode(errors="replace")


def _docs() -> Response:
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Wareflow: all endpoints",
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon.png",
        swagger_ui_parameters={"docExpansion": "none", "filter": True},
    )


def _nothing_at(path: str) -> Response:
    body = {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": f"Nothing is served at {path}; the services are listed at /",
    }
    return JSONResponse(body, status_code=404, media_type="application/problem+json")


def _landing(services: Mapping[str, ASGIApp]) -> str:
    names = ", ".join(f"<code>/{name}/v1</code>" for name in services)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Wareflow</title>"
        "<style>body{font:16px/1.6 system-ui;max-width:42rem;margin:4rem auto;padding:0 1rem}"
        "code{background:#f3f3f3;padding:.1em .3em;border-radius:3px}</style>"
        "<h1>Wareflow is up</h1>"
        f"<p>The services answer under {names}.</p>"
        "<ul><li><a href='/docs'>All endpoints</a> (<a href='/openapi.json'>OpenAPI</a>)</li>"
        "<li><a href='/catalog/v1/products'>The products</a></li>"
        "<li><a href='/health/ready'>Health</a> and <a href='/metrics'>metrics</a></li></ul></html>"
    )
