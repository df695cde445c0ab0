"""What inventory last said about a variant: a copy, derived from its events only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from catalog.model.base import Base


class Stock(Base):
    """How many of a variant can be promised. Whether it is tracked is the variant's own to say."""

    __tablename__ = "stock"

    variant_id: Mapped[UUID] = mapped_column(primary_key=True)
    tracked: Mapped[bool]
    available: Mapped[int]
    on_hand: Mapped[int]
    changed_at: Mapped[datetime]
