"""The way from one shape of the records to the next, up and down."""
