"""Files on their way in: spooled to disk as they arrive, imported by tasks of this process."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Self
from uuid import UUID

import structlog
from starlette.datastructures import UploadFile
from starlette.requests import Request

from catalog.model.product_import import UnusableFile
from catalog.model.shopify.grouping import Survey, survey
from catalog.usecases.import_products import run_import, start_import
from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transactions
from wareflow_kit.auth import Principal
from wareflow_kit.idempotency import RequestKey, make_once
from wareflow_kit.refusals import Refusal

_TAKEN = frozenset(
    {"text/csv", "application/csv", "text/plain", "application/octet-stream",
     "application/vnd.ms-excel", ""}
)  # fmt: skip

_PREFIX = "catalog-import-"
_ABANDONED = timedelta(days=1)
"""No import takes so long: a file that old has lost its process."""

log = structlog.get_logger(__name__)

_NOT_BEGUN = failpoint("import.committed_not_begun")


class NotCsv(Refusal):
    """Send the file as text/csv, or as a form with a field `file`."""

    status = 415


class Upload:
    """A file that has arrived; whoever takes it over removes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digest = b""
        self._taken = False

    @classmethod
    @asynccontextmanager
    async def of(cls, request: Request, folder: Path | None) -> AsyncGenerator[Self]:
        """The body of a request, or the file in it; gone afterwards unless it was taken over."""
        descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=".csv", dir=folder)
        upload = cls(Path(name))
        try:
            with open(descriptor, "wb") as file:  # noqa: ASYNC230, PTH123  writes are small
                await upload._receive(request, file)
            upload.digest = await asyncio.to_thread(_digest, upload.path)
            yield upload
        finally:
            if not upload._taken:
                upload.path.unlink(missing_ok=True)

    def take(self) -> Path:
        """The file, from now on the caller's to remove."""
        self._taken = True
        return self.path

    async def _receive(self, request: Request, file: BinaryIO) -> None:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            await self._receive_form(request, file)
            return
        if kind not in _TAKEN:
            raise NotCsv
        async for piece in request.stream():
            _ = file.write(piece)

    async def _receive_form(self, request: Request, file: BinaryIO) -> None:
        async with request.form(max_files=1, max_fields=10) as form:
            sent = form.get("file")
            if not isinstance(sent, UploadFile):
                raise UnusableFile("The form has no field `file` with a file")
            await asyncio.to_thread(shutil.copyfileobj, sent.file, file)


def _remove_abandoned(folder: Path, before: datetime) -> None:
    for path in folder.glob(f"{_PREFIX}*.csv"):
        with suppress(OSError):  # another user's, or another process was faster
            if path.stat().st_mtime < before.timestamp():
                path.unlink()


def _digest(path: Path) -> bytes:
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.digest()


class Imports:
    """The imports that this process runs."""

    def __init__(self, transactions: Transactions, folder: Path | None) -> None:
        self.folder = folder
        self._transactions = transactions
        self._running: dict[UUID, asyncio.Task[None]] = {}

    async def start(
        self,
        upload: Upload,
        *,
        channel: str,
        currency: str | None,
        dry_run: bool,
        who: Principal,
        key: str | None,
    ) -> UUID:
        """Begin to import a file; with a key that was used for it before, that import."""
        old = self._transactions.clock() - _ABANDONED
        await asyncio.to_thread(_remove_abandoned, upload.path.parent, old)
        surveyed = await asyncio.to_thread(survey, upload.path)
        replayed = False
        async with self._transactions.begin() as tx:

            async def make() -> UUID:
                return await start_import(
                    tx,
                    surveyed=surveyed,
                    channel=channel,
                    currency=currency,
                    dry_run=dry_run,
                    who=who,
                )

            if key is None:
                import_id = await make()
            else:
                terms = f"{channel} {currency} {dry_run}".encode()
                request = RequestKey(
                    f"{who.issuer} {who.subject}", "import", key, upload.digest + terms
                )
                import_id, replayed = await make_once(tx, request, make)
        _NOT_BEGUN.reach(import_id)
        if not replayed:
            run = self._run(import_id, upload.take(), surveyed)
            self._running[import_id] = asyncio.create_task(run, name=f"import {import_id}")
        return import_id

    async def _run(self, import_id: UUID, path: Path, surveyed: Survey) -> None:
        try:
            _ = await run_import(
                self._transactions, import_id=import_id, path=path, surveyed=surveyed
            )
        except Exception:
            log.exception("import.failed", import_id=str(import_id))
        finally:
            path.unlink(missing_ok=True)  # noqa: ASYNC240  quick, and also done when cancelled
            _ = self._running.pop(import_id, None)

    async def wait(self, import_id: UUID, seconds: float) -> None:
        """Until an import has ended, `seconds` at most."""
        if (task := self._running.get(import_id)) is not None and seconds > 0:
            _ = await asyncio.wait({task}, timeout=seconds)

    async def stop(self) -> None:
        """Cut off what still runs; its row says so."""
        tasks = list(self._running.values())
        await asyncio.sleep(0)  # one that has not begun could not say that it was cut off
        for task in tasks:
            _ = task.cancel()
        _ = await asyncio.gather(*tasks, return_exceptions=True)
