"""Questions that change nothing: retrieve, list, expand."""
