"""Products whose rows are what they were when last imported, and that nobody changed since."""

from collections.abc import Sequence

from catalog.model.shopify.file_product import FileProduct
from catalog.store.imports import names_of_variants, sources_as_imported
from catalog.usecases.import_job import Job, Opening, Tally
from wareflow_events.transaction import Transaction


async def set_aside_unchanged(
    tx: Transaction, job: Job, files: Sequence[FileProduct], tally: Tally
) -> list[FileProduct]:
    """Count those that need no second look; the others are returned.

    Loading, merging and comparing a product costs ten times as much as seeing that its rows are
    the same.
    """
    smooth = {file.handle: file for file in files if _is_smooth(file)}
    sources = await sources_as_imported(tx.session, list(smooth))
    same: set[str] = set()
    openings: list[Opening] = []
    for handle, rows in sources.items():
        file = smooth[handle]
        told = [(job.channel, job.currency, row.cells) for row in file.rows]
        if told != [(row.channel, row.currency, row.cells) for row in rows]:
            continue
        same.add(handle)
        ids = {row.line: source.variant_id for row, source in zip(file.rows, rows, strict=True)}
        for variant in file.variants:
            variant_id = ids[variant.row.line]
            if variant.quantity and variant.tracked and variant_id:
                openings.append((variant_id, "", variant.quantity))
    names = await names_of_variants(tx.session, [opening[0] for opening in openings])
    tally.openings += [(i, names[i], quantity) for i, _, quantity in openings if i in names]
    tally.unchanged += len(same)
    return [file for file in files if file.handle not in same]


def _is_smooth(file: FileProduct) -> bool:
    """Whether there is nothing to say about it."""
    return not file.problems and all(variant.price is not None for variant in file.variants)
