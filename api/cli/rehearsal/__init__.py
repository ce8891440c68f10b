"""A recorded day played against the running service: simulated people, their agenda, and what came of it."""
