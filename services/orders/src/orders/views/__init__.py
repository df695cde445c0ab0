"""SELECTs that answer questions and change nothing."""
