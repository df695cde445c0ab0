"""The front door of inventory: a router per noun, all for staff."""
