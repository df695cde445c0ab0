"""What verbs load and lock, and the unit of work they write through."""
