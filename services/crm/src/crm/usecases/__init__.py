"""What crm does, one verb per file."""
