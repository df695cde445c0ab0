"""Where crm calls out: mail."""
