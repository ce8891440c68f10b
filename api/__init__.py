"""HOW OTHERS ASK: HTTP, identity, settings, event stream, worker, commands."""
