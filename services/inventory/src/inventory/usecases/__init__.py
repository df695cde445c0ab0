"""The verbs of inventory, one per file."""
