"""One file per record family; take values, return records."""
