"""WHAT THE NETWORK DOES: one module per duty, one transaction per act."""
