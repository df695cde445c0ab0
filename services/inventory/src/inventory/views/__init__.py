"""Questions and their answers; nothing here changes anything."""
