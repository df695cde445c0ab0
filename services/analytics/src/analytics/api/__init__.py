"""The front door of analytics."""
