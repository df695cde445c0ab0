"""The nouns: mapped classes, the shapes they take, and their rules."""

from catalog.model.base import Base
from catalog.model.category import Category
from catalog.model.channel import Channel
from catalog.model.content import Media, Translation
from catalog.model.listing import Listing, Retell
from catalog.model.price import Price
from catalog.model.product import Product
from catalog.model.product_import import ImportProblem, OpeningStock, ProductImport
from catalog.model.product_parts import Option, Shelf
from catalog.model.search import SearchDocument, SearchTerm
from catalog.model.source import SourceColumn, SourceRow
from catalog.model.stock import Stock
from catalog.model.variant import Variant

__all__ = [
    "Base",
    "Category",
    "Channel",
    "ImportProblem",
    "Listing",
    "Media",
    "OpeningStock",
    "Option",
    "Price",
    "Product",
    "ProductImport",
    "Retell",
    "SearchDocument",
    "SearchTerm",
    "Shelf",
    "SourceColumn",
    "SourceRow",
    "Stock",
    "Translation",
    "Variant",
]
