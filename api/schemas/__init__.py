"""What crosses the wire; public shapes have no exact point."""
