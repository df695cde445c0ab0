"""The categories that a file names by path, found or made."""

from collections.abc import Collection
from typing import Self

from catalog.model.category import Category
from catalog.model.text import slugify
from catalog.store.categories import everything, flush, lock_tree
from wareflow_events.transaction import Transaction

Path = tuple[str, ...]


class Shelves:
    """The tree by path and by slug; a path that is missing is made as it is asked for."""

    def __init__(self, tx: Transaction, categories: Collection[Category]) -> None:
        self._tx = tx
        self.by_slug = {category.slug: category for category in categories}
        by_id = {category.id: category for category in categories}
        self._by_path = {
            tuple(by_id[step].name.casefold() for step in category.path): category
            for category in categories
        }

    @classmethod
    async def load(cls, tx: Transaction, wanted: Collection[Path]) -> Self:
        """The tree as it stands, held while categories are made."""
        shelves = cls(tx, await everything(tx.session))
        if any(shelves._find(path) is None for path in wanted):
            await lock_tree(tx.session)
            shelves = cls(tx, await everything(tx.session))
        for path in wanted:
            _ = shelves._find(path) or shelves._make(path)
        return shelves

    def slug_of(self, path: Path) -> str:
        """The slug of the category at a path."""
        category = self._find(path)
        assert category is not None
        return category.slug

    async def flush(self) -> None:
        """Write the categories that were made."""
        await flush(self._tx.session)

    def _find(self, path: Path) -> Category | None:
        return self._by_path.get(tuple(name.casefold() for name in path))

    def _make(self, path: Path) -> Category:
        parent: Category | None = None
        for depth in range(1, len(path) + 1):
            category = self._find(path[:depth])
            if category is None:
                category = self._add(path[:depth], parent)
            parent = category
        assert parent is not None
        return parent

    def _add(self, path: Path, parent: Category | None) -> Category:
        category = Category(
            id=self._tx.new_id(),
            slug=self._free_slug(path),
            name=path[-1],
            description="",
            position=0,
            version=1,
            updated_at=self._tx.now,
        )
        category.place(parent)
        self._tx.session.add(category)
        self.by_slug[category.slug] = category
        self._by_path[tuple(name.casefold() for name in path)] = category
        return category

    def _free_slug(self, path: Path) -> str:
        """The name, with those above it as far as needed to be unlike all others."""
        for depth in range(1, len(path) + 1):
            slug = slugify("-".join(path[-depth:])) or "category"
            if slug not in self.by_slug:
                return slug
        number = 2
        while (slug := f"{slugify('-'.join(path)) or 'category'}-{number}") in self.by_slug:
            number += 1
        return slug
