"""Importing and exporting product CSVs in Shopify's layout."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from catalog.api.answers import Now
from catalog.api.editing import Editor, Reader
from catalog.api.uploads import Imports, NotCsv, Upload
from catalog.model.channel import NoSuchChannel
from catalog.model.product_import import ImportEnded, ImportStatus, NoSuchImport, UnusableFile
from catalog.model.values import DEFAULT_CHANNEL, ChannelId, Currency
from catalog.usecases.cancel_import import cancel_import
from catalog.views import imports as views
from catalog.views.exports import export_csv
from catalog.views.imports import ImportView, OpeningView, ProblemView
from wareflow_kit.idempotency import IdempotencyKeyReused
from wareflow_kit.paging import Page
from wareflow_kit.refusals import PayloadTooLarge
from wareflow_kit.web.deps import Read, Tx
from wareflow_kit.web.paging import After, Limit
from wareflow_kit.web.prefer import LONGEST, PreferWait
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/catalog/v1", tags=["imports"])

_FILE = {"type": "string", "format": "binary"}
_CSV = "Handle,Title,Variant SKU,Variant Price\nmug,Mug,MUG,12.50\n"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": _FILE, "example": _CSV},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": _FILE}, "required": ["file"]}
            },
        },
    }
}


@router.post(
    "/imports",
    openapi_extra=_BODY,
    responses={202: {"description": "It goes on; watch it at Location", "model": ImportView}}
    | refusals(UnusableFile, NotCsv, NoSuchChannel, IdempotencyKeyReused, PayloadTooLarge),
)
async def import_products(
    request: Request,
    response: Response,
    who: Editor,
    wait: PreferWait,
    *,
    channel: ChannelId = DEFAULT_CHANNEL,
    currency: Annotated[
        Currency | None, Query(description="Of the file's prices; the channel's when missing")
    ] = None,
    dry_run: Annotated[bool, Query(description="Say what would be, change nothing")] = False,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> ImportView:
    """Bring in a product CSV: what is new is created, what differs changed, nothing removed.

    Waits up to 30 s for the end (`Prefer: wait=0` does not) and answers 202 if it goes on.
    Importing the same file again changes nothing, so one that was cut off is just sent again.
    """
    imports: Imports = request.app.state.imports
    async with Upload.of(request, imports.folder) as upload:
        import_id = await imports.start(
            upload,
            channel=channel,
            currency=currency,
            dry_run=dry_run,
            who=who,
            key=idempotency_key,
        )
    await imports.wait(import_id, wait if "prefer" in request.headers else LONGEST)
    async with AsyncSession(request.app.state.reading) as session:
        report = await views.import_report(session, import_id)
    response.headers["Location"] = f"/catalog/v1/imports/{import_id}"
    response.status_code = 202 if report.status is ImportStatus.RUNNING else 200
    return report


@router.get("/imports")
async def list_imports(
    session: Read, _: Reader, limit: Limit = 20, after: After = None
) -> Page[ImportView]:
    """Imports of the last 30 days, latest first, without their errors."""
    return await views.imports(session, limit=limit, after=after)


@router.get("/imports/{import_id}", responses=refusals(NoSuchImport))
async def read_import(session: Read, _: Reader, import_id: UUID) -> ImportView:
    """How an import stands, with the first 100 of its errors."""
    return await views.import_report(session, import_id)


@router.get("/imports/{import_id}/errors")
async def list_import_errors(
    session: Read, _: Reader, import_id: UUID, limit: Limit = 100, after: After = None
) -> Page[ProblemView]:
    """What of the file was not used or is worth a look: line, column, reason, and the effect."""
    return await views.import_problems(session, import_id, limit=limit, after=after)


@router.get("/imports/{import_id}/stock")
async def list_import_stock(
    session: Read, _: Reader, import_id: UUID, limit: Limit = 200, after: After = None
) -> Page[OpeningView]:
    """The units that tracked variants open with, for inventory to take in."""
    return await views.import_stock(session, import_id, limit=limit, after=after)


@router.post("/imports/{import_id}/cancel", responses=refusals(NoSuchImport, ImportEnded))
async def cancel_one_import(import_id: UUID, tx: Tx, who: Editor) -> ImportView:
    """End an import: what is in stays, the batch in work is undone, nothing further comes in.

    To go on, send the same file again: what is in already is unchanged.
    """
    return views.view_of(await cancel_import(tx, import_id=import_id, who=who), Page(items=[]))


@router.get("/export.csv", response_class=StreamingResponse)
async def export_products(
    request: Request,
    _: Reader,
    now: Now,
    *,
    guard: Annotated[
        bool,
        Query(
            description="Put a ' before cells that a spreadsheet would run as formulas; an import"
            " of the file takes it away again"
        ),
    ] = False,
) -> StreamingResponse:
    """The whole catalogue as a CSV, imported rows as they came in but for what has changed."""

    async def file() -> AsyncIterator[bytes]:
        async with AsyncSession(request.app.state.reading) as session:
            async for piece in export_csv(session, now=now, guarded=guard):
                yield piece

    headers = {"Content-Disposition": 'attachment; filename="products.csv"'}
    return StreamingResponse(file(), media_type="text/csv; charset=utf-8", headers=headers)
