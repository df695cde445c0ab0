"""One port for all services."""

import orjson
import pytest
from fastapi import FastAPI
from starlette.responses import JSONResponse

from wareflow.front import Front, ask
from wareflow.openapi import merge


def service(name: str, *, ready: bool = True) -> FastAPI:
    app = FastAPI(title=name, openapi_url=f"/{name}/openapi.json")

    async def hello() -> dict[str, str]:
        return {"from": name}

    async def health() -> JSONResponse:
        return JSONResponse({"status": name}, status_code=200 if ready else 503)

    app.add_api_route(f"/{name}/v1/hello", hello)
    app.add_api_route("/health/ready", health)
    return app


@pytest.fixture
def front() -> Front:
    return Front({"orders": service("orders"), "crm": service("crm")})


async def test_a_path_goes_to_the_service_it_begins_with(front: Front) -> None:
    for name in ("orders", "crm"):
        assert await ask(front, f"/{name}/v1/hello") == (200, b'{"from":"%s"}' % name.encode())


async def test_a_path_of_nobody_is_a_problem_document(front: Front) -> None:
    status, body = await ask(front, "/nobody/v1")
    assert status == 404
    assert orjson.loads(body)["type"] == "/problems/not-found"


async def test_it_is_ready_when_all_are() -> None:
    assert (await ask(Front({"crm": service("crm")}), "/health/ready"))[0] == 200
    half = Front({"crm": service("crm"), "orders": service("orders", ready=False)})
    status, body = await ask(half, "/health/ready")
    assert status == 503
    assert list(orjson.loads(body)["services"]) == ["orders"]


async def test_one_document_has_the_endpoints_of_all(front: Front) -> None:
    document = orjson.loads(await front.document())
    assert set(document["paths"]) == {"/orders/v1/hello", "/crm/v1/hello"}


async def test_the_page_of_endpoints_needs_no_network(front: Front) -> None:
    status, page = await ask(front, "/docs")
    assert status == 200
    assert b"http" not in page.replace(b"http-equiv", b"")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs-assets/{asset}".encode() in page
        assert (await ask(front, f"/docs-assets/{asset}"))[0] == 200


def test_an_endpoint_is_listed_under_its_service() -> None:
    carts: dict[str, object] = {"get": {"tags": ["carts"]}}
    merged = merge({"orders": {"paths": {"/orders/v1/carts": carts}}})
    assert merged["paths"]["/orders/v1/carts"]["get"]["tags"] == ["orders: carts"]


def test_a_schema_name_that_means_two_things_gets_its_owners_name() -> None:
    def document(kind: str) -> dict[str, object]:
        answer = {"schema": {"$ref": "#/components/schemas/Line"}}
        return {
            "paths": {f"/{kind}": {"get": {"responses": {"200": answer}}}},
            "components": {"schemas": {"Line": {"type": kind}, "Money": {"type": "object"}}},
        }

    merged = merge({"orders": document("object"), "crm": document("string")})
    assert set(merged["components"]["schemas"]) == {"Line", "CrmLine", "Money"}
    assert "CrmLine" in str(merged["paths"]["/string"])
    assert "CrmLine" not in str(merged["paths"]["/object"])
