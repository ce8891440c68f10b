"""One file per record."""
