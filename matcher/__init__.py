"""WHO GOES: pairs, waves, plans. Pure, deterministic, with reasons."""
