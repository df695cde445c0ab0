"""The nouns of analytics."""

from analytics.model.base import Base

__all__ = ["Base"]
