"""Text that PostgreSQL can store and be asked for: any characters but NUL."""

from typing import Annotated

from pydantic import AfterValidator


def without_nul(text: str) -> str:
    """The text as it is; `ValueError` if it has a NUL."""
    if "\x00" in text:
        raise ValueError("a NUL character cannot be stored")
    return text


Plain = Annotated[str, AfterValidator(without_nul)]
"""For whatever is compared with what is stored: parameters of a query, of a path."""
