"""Text: slugs, clean HTML, and the folded form that sorting and searching compare."""

import re
import unicodedata

import nh3

LONGEST_SLUG = 200
_NOT_IN_SLUG = re.compile(r"[^\w.~-]+")
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\w+")
_SORTED_BY = 120
_LONGEST_QUOTE = 80


def fold(text: str) -> str:
    """Lower case without accents, so that `Äpfel` is found by `apfel` and sorts beside it."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def sort_key(title: str) -> str:
    """What a title is sorted by: folded, and short enough for an index."""
    return fold(title).strip()[:_SORTED_BY]


def words(text: str) -> list[str]:
    """The folded words of a text, in order, with repetitions."""
    return _WORD.findall(fold(text))


def slugify(text: str) -> str:
    """A text as part of an address; letters of any script stay. Empty if nothing is usable."""
    lowered = unicodedata.normalize("NFKC", text).strip().lower()
    return _NOT_IN_SLUG.sub("-", lowered).strip("-")[:LONGEST_SLUG].rstrip("-")


def is_slug(text: str) -> bool:
    """Whether `slugify` would leave every character of it."""
    return _NOT_IN_SLUG.search(text) is None


def clean_html(html: str) -> str:
    """HTML without anything that could run: scripts, handlers, frames and styles are gone."""
    return nh3.clean(html)


def plain(html: str) -> str:
    """The words of an HTML text, for the search index."""
    return _TAG.sub(" ", html)


def quoted(text: str) -> str:
    """A text in quotes, cut off where it becomes more than one wants to read."""
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")
