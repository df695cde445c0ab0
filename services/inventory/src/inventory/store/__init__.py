"""What verbs load under a lock, and write."""
