"""What a row of an opening means."""

from uuid import uuid4

from inventory.model.ids import LocationId, Sku, VariantId
from inventory.model.location import Location
from inventory.model.opening import Opened, OpeningRow, Skip, sort_out

MUG, BOWL = VariantId(uuid4()), VariantId(uuid4())
NORTH = Location(id=LocationId(uuid4()), name="North", priority=1, active=True)
CLOSED = Location(id=LocationId(uuid4()), name="Closed", priority=2, active=False)
PLACES = {None: NORTH, NORTH.id: NORTH, CLOSED.id: CLOSED}
SKUS = {Sku("MUG"): [MUG], Sku("TWICE"): [MUG, BOWL], Sku("NONE"): []}


def meaning(*rows: OpeningRow) -> list[Opened | Skip]:
    return sort_out(rows, variants=SKUS, places=PLACES)


def test_a_row_by_sku_and_one_by_id_mean_the_same() -> None:
    assert meaning(OpeningRow(Sku("MUG"), 3)) == meaning(OpeningRow(MUG, 3))


def test_a_sku_that_nobody_or_several_carry_is_skipped() -> None:
    rows = [OpeningRow(Sku("NONE"), 3), OpeningRow(Sku("TWICE"), 3)]
    assert meaning(*rows) == [Skip.UNKNOWN_SKU, Skip.AMBIGUOUS_SKU]


def test_a_location_that_is_unknown_or_closed_is_skipped() -> None:
    rows = [OpeningRow(MUG, 3, LocationId(uuid4())), OpeningRow(MUG, 3, CLOSED.id)]
    assert meaning(*rows) == [Skip.UNKNOWN_LOCATION, Skip.INACTIVE_LOCATION]


def test_nothing_and_less_than_nothing_are_skipped() -> None:
    assert meaning(OpeningRow(MUG, 0), OpeningRow(MUG, -2)) == [Skip.NOTHING, Skip.NEGATIVE]


def test_the_same_shelf_named_twice_counts_once() -> None:
    rows = [OpeningRow(MUG, 3), OpeningRow(Sku("MUG"), 4, NORTH.id), OpeningRow(BOWL, 5)]
    assert meaning(*rows) == [Opened(MUG, NORTH, 3), Skip.REPEATED, Opened(BOWL, NORTH, 5)]
