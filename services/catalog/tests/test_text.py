"""Slugs, clean HTML, folded words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from catalog.model.shopify import cells
from catalog.model.text import clean_html, fold, slugify, sort_key, words
from catalog.model.values import Slug
from catalog.model.variant import made_sku


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Blue Mug", "blue-mug"),
        ("  Äpfel & Birnen! ", "äpfel-birnen"),
        ("シャツ 青", "シャツ-青"),
        ("a--b", "a--b"),
        ("a/b?c#d", "a-b-c-d"),
        ("!!!", ""),
    ],
)
def test_a_slug_is_what_an_address_can_hold(text: str, slug: str) -> None:
    assert slugify(text) == slug


@given(st.text())
def test_a_slug_of_a_slug_is_the_same(text: str) -> None:
    slug = slugify(text)
    assert slugify(slug) == slug


@given(st.text())
def test_clean_html_stays_as_it_is_when_cleaned_again(text: str) -> None:
    clean = clean_html(text)
    assert clean_html(clean) == clean


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<iframe src='https://example.com'></iframe>",
        "<style>*{}</style>",
    ],
)
def test_nothing_that_runs_is_left_of_html(html: str) -> None:
    clean = clean_html(f"<p>a{html}b</p>")
    for word in ("script", "onerror", "iframe", "style", "alert"):
        assert f"<{word}" not in clean
        assert f"{word}=" not in clean
        assert f"{word}:" not in clean


def test_folding_forgets_case_and_accents() -> None:
    assert fold("Crème BRÛLÉE Straße") == "creme brulee strasse"
    assert words("Crème-brûlée, 2x!") == ["creme", "brulee", "2x"]
    assert len(sort_key("x" * 1000)) <= 120


def test_a_made_sku_is_short_and_the_same_each_time() -> None:
    assert made_sku("blue-mug", ["Large"]) == "BLUE-MUG-LARGE"
    long = made_sku("mug", ["x" * 500])
    assert long == made_sku("mug", ["x" * 500])
    assert len(long) == 64
    assert made_sku("mug", ["x" * 500 + "y"]) != long


@pytest.mark.parametrize(
    ("cell", "currency", "amount"),
    [
        ("9.99", "EUR", 999), ("9.990", "EUR", 999), (" 10 ", "EUR", 1000), (".5", "EUR", 50),
        ("5.", "EUR", 500), ("+7", "EUR", 700), ("", "EUR", None), ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234), ("0", "EUR", 0),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_minor_units(cell: str, currency: str, amount: int | None) -> None:
    assert cells.read_amount(cell, currency) == amount


@pytest.mark.parametrize(
    "cell", ["1,299.00", "9,99", "€ 50", "50 EUR", "-1", "1e3", "inf", "abc", "9.999", "1 299", "٣"]
)
def test_what_is_no_plain_amount_is_refused(cell: str) -> None:
    with pytest.raises(cells.Unreadable):
        _ = cells.read_amount(cell, "EUR")


@given(st.integers(0, 10**14), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_an_amount_that_is_written_is_read_as_the_same(amount: int, currency: str) -> None:
    assert cells.read_amount(cells.write_amount(amount, currency), currency) == amount


@pytest.mark.parametrize("title", ["íAØ\U00023e8a", "Hafen-Hemd 50 %", "x² · y", "日本語 Tee"])
def test_what_a_title_is_made_into_is_taken_as_a_slug(title: str) -> None:
    slug = slugify(title)
    assert TypeAdapter(Slug).validate_python(slug) == slug


@pytest.mark.parametrize("text", ["a b", "a/b", "€", "a{", "a\x00", "", "a\u202eb"])
def test_a_slug_is_fit_for_an_address(text: str) -> None:
    with pytest.raises(ValidationError):
        _ = TypeAdapter(Slug).validate_python(text)
