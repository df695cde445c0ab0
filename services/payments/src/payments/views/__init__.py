"""SELECTs that answer questions; they change nothing."""
