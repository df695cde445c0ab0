"""Who of the staff changed what: the audit trail, newest first."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from wareflow_kit import audit
from wareflow_kit.texts import Plain
from wareflow_kit.web.deps import Read, requires
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page


class AuditEntry(BaseModel):
    """A change that somebody of the staff made."""

    id: UUID
    at: datetime
    issuer: str
    actor: str
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    trace_id: str | None


def audit_router(service: str) -> APIRouter:
    """`GET /<service>/v1/audit`, for staff with the scope `<service>:audit`."""
    allowed = Depends(requires(f"{service}:audit"))
    router = APIRouter(prefix=f"/{service}/v1/audit", tags=["audit"], dependencies=[allowed])

    @router.get("", summary="List changes by staff")
    async def list_audit_entries(
        session: Read,
        subject: Annotated[Plain | None, Query(max_length=300, description="`<noun>/<id>`")] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Page[AuditEntry]:
        """Changes, newest first, of one thing or of all."""
        before_id = decode_cursor(after, UUID)[0] if after else None
        rows = await audit.entries(session, subject=subject, before=before_id, limit=limit + 1)
        return page(
            rows,
            limit=limit,
            render=lambda row: AuditEntry.model_validate(dict(row)),
            key=lambda row: (row["id"],),
        )

    _ = list_audit_entries
    return router
