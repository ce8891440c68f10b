"""Keys kept outside the database."""
