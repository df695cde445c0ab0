"""Query parameters of lists."""

from typing import Annotated

from fastapi import Query

from wareflow_kit.paging import InvalidCursor, Page, decode_cursor, encode_cursor, page

__all__ = ["After", "InvalidCursor", "Limit", "Page", "decode_cursor", "encode_cursor", "page"]

Limit = Annotated[int, Query(ge=1, le=200, description="How many items a page has at most")]
"""Use as `limit: Limit = 50`."""

After = Annotated[str | None, Query(max_length=1000, description="`next` of the page before")]
"""Use as `after: After = None`."""
