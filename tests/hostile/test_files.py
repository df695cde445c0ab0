"""Product files from hell: each row goes in or is named, or the file is refused with its line."""

import gzip
import time
import tracemalloc
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.hostile.import_rows import import_rows, open_catalog, write_file
from tests.hostile.noise import TEXTS

from catalog.model.product_import import UnusableFile
from catalog.model.shopify import cells
from catalog.model.shopify.grouping import MOST_ROWS_OF_A_PRODUCT, groups, survey
from catalog.model.shopify.reader import LARGEST_CELL, LARGEST_ROW
from catalog.testing import Shop, a_csv, a_first_row, open_shop
from wareflow_events.contract import eventually

HEAD = b"Handle,Title,Variant Price\n"
CSV = {"Content-Type": "text/csv"}
IMPORTS = "/catalog/v1/imports"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    async with open_shop(import_folder=tmp_path) as opened:
        yield opened


async def send(shop: Shop, file: bytes, **headers: str) -> Any:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return await shop.staff.post(IMPORTS, content=file, headers=CSV | more)


# --- files that are refused whole, each with its line -------------------------------------------


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (HEAD + "mug,Mäg,1\n".encode("latin-1"), "Line 2 is not UTF-8 (byte 0xe4)"),
        (HEAD.decode().encode("utf-16-le"), "NUL"),
        (HEAD.decode().encode("utf-16"), "UTF-16"),
        (HEAD.decode().encode("utf-32"), "UTF-16"),
        (b"\xef\xbb\xbf", "empty"),
        (HEAD + b"mug,\xed\xa0\x80,1\n", "Line 2 is not UTF-8"),
        (HEAD + b"mug,M\x00g,1\n", "Line 2 holds a NUL byte"),
        (HEAD + b'mug,"Mug,1\n' + b"hat,Hat,1\n" * 3, "from line 2 on is never closed"),
        (HEAD + b'mug,"' + b"x\n" * 600_000, "line 2: field larger than field limit"),
        (HEAD + b"mug," + b"x" * (LARGEST_CELL + 1), "line 2: field larger than field limit"),
        (HEAD + b"," * (LARGEST_ROW + 10), "row that line 2 is in has more than 4,000,000 bytes"),
        (HEAD + (b'"' + b"y" * 900_000 + b'\n",') * 5, "has more than 4,000,000 bytes"),
        (b",".join(b"c%d" % n for n in range(600)) + b"\n", "more than 500 columns"),
        (b"Handle," + b"x" * 600 + b"\n", "does not name columns"),
        (HEAD + b"mug,Mug,1\n" * (MOST_ROWS_OF_A_PRODUCT + 1), "'mug' has more than 3,000 rows"),
        (HEAD + b"a,A,1\nb,B,1\n" * (MOST_ROWS_OF_A_PRODUCT + 1), "has more than 3,000 rows"),
        (gzip.compress(HEAD + b"mug,Mug,1\n", mtime=0), "Line 1 is not UTF-8"),
        (b"PK\x03\x04" + bytes(100), "NUL"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_with_its_line(
    tmp_path: Path, file: bytes, told: str
) -> None:
    path = tmp_path / "file.csv"
    _ = path.write_bytes(file)
    with pytest.raises(UnusableFile) as refused:
        _ = survey(path)
    assert told in refused.value.detail


async def test_what_is_no_csv_is_refused_at_the_door_and_leaves_nothing(
    shop: Shop, tmp_path: Path
) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    form = "multipart/form-data; boundary=x"
    answers = {
        "a bomb": await send(shop, bomb, Content_Encoding="gzip"),
        "a picture": await send(shop, b"x", Content_Type="image/png"),
        "announced too large": await send(shop, b"", Content_Length=str(600 * 1024 * 1024)),
        "a form without a file": await shop.staff.post(IMPORTS, data={"file": "text"}),
        "a form that is none": await send(shop, b"--x", Content_Type=form),
    }

    found = {name: answer.status_code for name, answer in answers.items()}
    assert found == {
        "a bomb": 415,
        "a picture": 415,
        "announced too large": 413,
        "a form without a file": 415,
        "a form that is none": 422,
    }
    assert "536,870,912 bytes" in answers["announced too large"].json()["detail"]
    assert await shop.sql("SELECT * FROM product_import") == []
    assert list(tmp_path.iterdir()) == []


# --- cells --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["9" * 900_000, "0." + "1" * 900_000, "0" * 900_000, "١٢٣", "1e9", "1_000", "∞", "NaN"]
)
def test_a_number_that_is_none_is_named_at_once_and_in_few_words(cell: str) -> None:
    began = time.monotonic()
    with pytest.raises(cells.Unreadable) as weight:
        _ = cells.read_grams(cell)
    with pytest.raises(cells.Unreadable) as units:
        _ = cells.read_quantity(cell)
    with pytest.raises(cells.Unreadable) as amount:
        _ = cells.read_amount(cell, "EUR")
    assert max(len(str(refused.value)) for refused in (weight, units, amount)) < 250
    assert time.monotonic() - began < 1


async def test_whatever_cells_hold_each_row_goes_in_or_is_named(shop: Shop) -> None:
    rng = Random(1)
    columns = [name for name in a_first_row("x") if name != "Handle"]
    columns += ["Body (HTML)", "Tags", "Product Category", "Option1 Name", "Option1 Value",
                "Variant SKU", "Variant Grams", "Variant Inventory Qty", "Image Src",
                "Image Position", "Status", "SEO Title", "Cost per item"]  # fmt: skip
    texts = [text for text in TEXTS if "\x00" not in text] + ["9" * 1000, "x" * 300_000]
    rows: list[dict[str, str]] = []
    for number in range(250):
        row = a_first_row(f"p{number}", f"P {number}")
        rows.append(row | {rng.choice(columns): rng.choice(texts) for _ in range(rng.randrange(3))})

    report = await shop.bring_in(a_csv(*rows))
    again = await shop.bring_in(a_csv(*rows))

    counts = report["products"]
    assert report["status"] == "finished", report["failure"]
    assert counts["created"] + counts["rejected"] == 250
    assert counts["created"] > 100
    assert again["products"]["unchanged"] == counts["created"]
    assert all(len(error["reason"]) < 1000 for error in report["errors"]["items"])
    assert await shop.broken_promises() == []


async def test_ragged_rows_are_named_and_the_others_go_in(shop: Shop) -> None:
    file = HEAD + b"a\nb,B\nc,C,1,,,\nd,D,1,x\n,,\n,no handle,1\ne,E,5\n"

    report = await shop.bring_in(file)

    assert report["products"] | {"unchanged": 0} == {
        "created": 3, "updated": 0, "unchanged": 0, "rejected": 2,
    }  # fmt: skip
    effects = {error["line"]: error["effect"] for error in report["errors"]["items"]}
    assert effects == {
        2: "product_left_out", 3: "noted", 5: "product_left_out", 7: "row_left_out",
    }  # fmt: skip


# --- size: bounded memory, cancel, resume -------------------------------------------------------


def many(rows: int) -> Iterator[bytes]:
    yield HEAD
    for number in range(rows):
        yield b"product-%07d,Product %d,19.99\n" % (number, number)


def test_a_large_file_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.writelines(many(30_000))
    tracemalloc.start()
    surveyed = survey(path)
    count = sum(1 for _ in groups(path, surveyed))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (surveyed.rows, count, surveyed.scattered) == (30_000, 30_000, {})
    assert most < 6_000_000, f"{most:,} bytes"


def test_rows_that_wait_for_others_are_not_kept_without_end(tmp_path: Path) -> None:
    path = tmp_path / "scattered.csv"
    with path.open("wb") as file:
        file.writelines(many(60_000))
        file.writelines(list(many(60_000))[1:])
    with pytest.raises(UnusableFile, match="sort the file by handle"):
        for _ in groups(path, survey(path)):
            pass


async def test_an_import_is_cancelled_where_it_stands_and_the_same_file_goes_on(shop: Shop) -> None:
    file = b"".join(many(1500))
    started = (await send(shop, file, Prefer="wait=0")).json()
    address = f"{IMPORTS}/{started['id']}"

    async def has_begun() -> bool:
        return (await shop.staff.get(address)).json()["rows"]["done"] > 0

    await eventually(has_begun)
    cancelled = await shop.staff.post(f"{address}/cancel")
    again = await shop.staff.post(f"{address}/cancel")
    await eventually(lambda: not shop.service.app.state.imports._running)
    stopped = (await shop.staff.get(address)).json()
    resumed = await shop.bring_in(file)

    assert (cancelled.status_code, again.status_code) == (200, 200)
    assert stopped["status"] == "cancelled"
    assert 0 < stopped["rows"]["done"] < 1500
    assert stopped["rows"]["done"] == stopped["products"]["created"]
    assert resumed["products"]["unchanged"] == stopped["products"]["created"]
    assert resumed["products"]["created"] == 1500 - stopped["products"]["created"]
    assert (await shop.staff.post(f"{IMPORTS}/{resumed['id']}/cancel")).status_code == 409
    assert (await shop.guest.post(f"{address}/cancel")).status_code == 401
    assert await shop.broken_promises() == []


async def test_a_large_file_takes_bounded_memory_and_nothing_the_second_time(
    tmp_path: Path,
) -> None:
    """As `make import-rows` does with a million."""
    path = tmp_path / "products.csv"
    write_file(path, 4_000)
    async with AsyncExitStack() as stack:
        catalog = await open_catalog(stack)
        first = await import_rows(catalog, path, rows=4_000, say=lambda _: None)
        again = await import_rows(catalog, path, rows=4_000, say=lambda _: None)

    assert (first.status, first.products["created"]) == ("finished", 400), first.failure
    assert (again.status, again.products["unchanged"]) == ("finished", 400)
    assert first.grown < 60
    assert again.grown < 30
